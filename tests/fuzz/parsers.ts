/** What reads text from outside, sound texts to damage, and the errors with which each may refuse one. */
import { FrameError } from "../../etl/atproto/frame_error.ts";
import { JETSTREAM } from "../../etl/atproto/jetstream_event.ts";
import { JETSTREAM_V1 } from "../../etl/atproto/jetstream_v1.ts";
import { readFeedItem, readPostView } from "../../etl/atproto/post_view.ts";
import { ServiceError } from "../../etl/answers/service_error.ts";
import { checkCsv, csvRows } from "../../etl/import/csv.ts";
import { missingColumns, understand } from "../../etl/import/columns.ts";
import { readRow, RowError } from "../../etl/import/import_row.ts";
import { UserError } from "../../etl/run/error.ts";
import { longestLine, segmentLines, trim } from "../../etl/store/journal.ts";
import { readJson } from "../../etl/store/json.ts";
import { readStudy } from "../../etl/study/study.ts";
import { readAttributes } from "../../classifiers/codebooks/attribute_codebook.ts";
import { readDictionary } from "../../classifiers/codebooks/codebook.ts";
import { compile } from "../../classifiers/codebooks/dictionary_match.ts";
import { readSociopolitical } from "../../classifiers/codebooks/sociopolitical_codebook.ts";
import { readAnswer } from "../../classifiers/clients/comment_analyzer_answer.ts";
import { readRefusal as readAnalyzerRefusal } from "../../classifiers/clients/comment_analyzer_refusal.ts";
import { readBatchLine } from "../../classifiers/clients/groq_batch_line.ts";
import { readRefusal as readGroqRefusal } from "../../classifiers/clients/groq_refusal.ts";
import { readChatReply } from "../../classifiers/reply/chat_answer.ts";
import { readFreeReply } from "../../classifiers/reply/free_reply.ts";
import { readReply } from "../../classifiers/reply/reply_format.ts";
import { partOfReply } from "../../classifiers/reply/reply_part.ts";
import { sociopoliticalFormat } from "../../classifiers/reply/sociopolitical_reply.ts";

export interface Parser {
  name: string;
  samples: string[];
  /** Read a text; `path` names a file that holds it. */
  read(text: string, path: string): unknown;
  refuses: (new (...args: never[]) => Error)[];
  /** Is the text read from a file? */
  isFile?: boolean;
}

const DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
const CID = "bafyreicyrx56s3v77mykkrwdryp7u3lbukdc32ph2fnitgumklnrk6wgne";
const URI = `at://${DID}/app.bsky.feed.post/3k2aaaaaaaaaa`;
const RECORD = {
  $type: "app.bsky.feed.post",
  text: "The council votes on rents tonight. 🏡",
  createdAt: "2026-06-01T08:00:00.000Z",
  langs: ["en"],
  facets: [{
    index: { byteStart: 0, byteEnd: 3 },
    features: [{ $type: "app.bsky.richtext.facet#tag", tag: "rent" }],
  }],
  reply: { root: { uri: URI, cid: CID }, parent: { uri: URI, cid: CID } },
};
const COMMIT = {
  rev: "3k2aaaaaaaaaa",
  operation: "create",
  collection: RECORD.$type,
  rkey: "3k2a",
};
const VIEW = {
  uri: URI,
  cid: CID,
  author: { did: DID, handle: "ada.test" },
  record: RECORD,
  indexedAt: "2026-06-01T08:00:01.000Z",
  likeCount: 3,
  repostCount: 0,
};
const REPLY = '{"is_sociopolitical": true, "lean": "left"}';
const PACKED = '{"posts": [{"id": "p1", "is_sociopolitical": true, "lean": "left"}]}';
const completion = (content: string) => ({
  id: "chatcmpl-1",
  object: "chat.completion",
  model: "openai/gpt-oss-20b",
  choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
  usage: { prompt_tokens: 400, completion_tokens: 30, prompt_tokens_details: { cached_tokens: 0 } },
});
const REFUSAL = {
  error: { message: "Please reduce the length", type: "invalid_request_error", code: "x" },
};
const SCORES = {
  attributeScores: {
    TOXICITY: { summaryScore: { value: 0.1, type: "PROBABILITY" }, spanScores: [] },
    RESPECT_EXPERIMENTAL: { summaryScore: { value: 0.4, type: "PROBABILITY" } },
  },
  languages: ["en"],
};
const CSV = `uri,created_at,text,like_count,annotator,is_political
${URI},2026-06-01T08:00:00Z,"One, ""two""
and three",1 000,ada,yes
https://bsky.app/profile/${DID}/post/3k2b,2026-06-01,plain,3e3,ben,no
`;
const [US_POLITICS, STUDY] = await Promise.all(
  ["../../classifiers/codebooks/us_politics.yaml", "../../study.yaml"].map((path) =>
    Deno.readTextFile(new URL(path, import.meta.url))
  ),
);
const SECTION = (await readSociopolitical(
  new URL("../../classifiers/codebooks/us_politics.yaml", import.meta.url).pathname,
)).sociopolitical;
const FORMAT = sociopoliticalFormat(SECTION);
const NOW = new Date("2026-06-10T00:00:00Z");

function json(...values: unknown[]): string[] {
  return values.map((value) => JSON.stringify(value));
}

export const PARSERS: Parser[] = [
  {
    name: "Jetstream",
    samples: json(
      {
        $type: "message",
        payload: {
          $type: "network.bsky.jetstream.subscribeEvents#commit",
          seq: 7,
          did: DID,
          time: RECORD.createdAt,
          witnessedAt: RECORD.createdAt,
          ...COMMIT,
          cid: CID,
          record: RECORD,
        },
      },
      { $type: "error", error: "ConsumerTooSlow", message: "too slow" },
    ),
    read(text) {
      const event = JETSTREAM.decode(text);
      if (event.kind === "commit") {
        for (const op of event.ops) JETSTREAM.record(event as never, op as never);
      }
    },
    refuses: [FrameError],
  },
  {
    name: "Jetstream version 1",
    samples: json(
      {
        did: DID,
        time_us: 1780300800000000,
        kind: "commit",
        commit: { ...COMMIT, cid: CID, record: RECORD },
      },
      {
        did: DID,
        time_us: 1780300800000001,
        kind: "account",
        account: { active: false, did: DID, seq: 3, status: "deleted", time: RECORD.createdAt },
      },
    ),
    read: (text) => JETSTREAM_V1.decode(text),
    refuses: [FrameError],
  },
  {
    name: "AppView",
    samples: json(VIEW, { post: VIEW }),
    read(text) {
      const value = readJson(text);
      return [readPostView(value), readFeedItem(value)];
    },
    refuses: [],
  },
  {
    name: "chat completion",
    samples: json(
      completion(REPLY),
      completion(`<think>so</think>\n\`\`\`json\n${REPLY}\n\`\`\``),
    ),
    read(body) {
      const { reply } = readChatReply(body);
      if ("content" in reply) readReply(FORMAT, reply.content);
    },
    refuses: [ServiceError],
  },
  {
    name: "chat completion about several posts",
    samples: json(completion(PACKED)),
    read(body) {
      const { reply } = readChatReply(partOfReply(body, 0));
      if ("content" in reply) readReply(FORMAT, reply.content);
    },
    refuses: [ServiceError],
  },
  {
    name: "free reply",
    samples: [
      REPLY,
      "is_sociopolitical: yes\nlean: left\nreason: rents",
      `Sure!\n${REPLY} // done`,
    ],
    read: (reply) => readFreeReply(SECTION, reply),
    refuses: [],
  },
  {
    name: "refusal of a chat server",
    samples: json(REFUSAL, { error: "no" }, { object: "error", message: "context length is 256" }),
    read: (text) => {
      for (const status of [400, 403, 404, 413, 429, 500]) {
        const headers = new Headers({ "retry-after": "1.25" });
        readGroqRefusal({ status, headers, body: readJson(text) }, "host", "model");
      }
    },
    refuses: [],
  },
  {
    name: "batch line",
    samples: json(
      {
        id: "1",
        custom_id: "a",
        response: { status_code: 200, body: completion(REPLY) },
        error: null,
      },
      {
        id: "2",
        custom_id: "b",
        response: { status_code: 400, body: REFUSAL },
        error: REFUSAL.error,
      },
    ),
    read: (line) => readBatchLine(line, "host", "model"),
    refuses: [],
  },
  {
    name: "Perspective",
    samples: json(SCORES),
    read: (text) => readAnswer(text),
    refuses: [ServiceError],
  },
  {
    name: "refusal of Perspective",
    samples: json({
      error: {
        code: 400,
        message: "no",
        status: "INVALID_ARGUMENT",
        details: [{ "@type": "x", errorType: "COMMENT_TOO_LONG", reason: "r" }],
      },
    }),
    read: (body) => {
      for (const status of [400, 403, 429, 503]) {
        readAnalyzerRefusal({ status, headers: new Headers(), body }, "https://host/", NOW);
      }
    },
    refuses: [],
  },
  {
    name: "CSV",
    isFile: true,
    samples: [
      CSV,
      CSV.replaceAll(",", ";"),
      `sep=\t\n${CSV.replaceAll(",", "\t")}`,
      `\uFEFF${CSV.replaceAll("\n", "\r\n")}`,
    ],
    async read(_, path) {
      const table = await checkCsv(path, (header) => missingColumns(header, false));
      const columns = understand(table.header);
      for await (const { fields } of csvRows(path, table)) {
        if (fields === undefined) continue;
        try {
          readRow(fields, columns, NOW);
        } catch (error) {
          if (!(error instanceof RowError)) throw error;
        }
      }
    },
    refuses: [UserError],
  },
  {
    name: "codebook",
    isFile: true,
    samples: [US_POLITICS!],
    async read(_, path) {
      const read = [readSociopolitical(path), readAttributes(path), readDictionary(path)];
      const [, , dictionary] = await Promise.allSettled(read);
      if (dictionary!.status === "fulfilled") {
        const { dictionary: entries } = dictionary!.value as Awaited<
          ReturnType<typeof readDictionary>
        >;
        compile(entries)(RECORD.text);
      }
      await Promise.all(read);
    },
    refuses: [UserError],
  },
  {
    name: "study.yaml",
    isFile: true,
    samples: [STUDY!],
    read: (_, path) => readStudy(path),
    refuses: [UserError],
  },
  {
    name: "journal",
    isFile: true,
    samples: [`${json(RECORD, VIEW).join("\n")}\n`],
    async read(_, path) {
      await trim(path);
      await longestLine(path);
      for await (const line of segmentLines(path)) readJson(line);
    },
    refuses: [],
  },
];
