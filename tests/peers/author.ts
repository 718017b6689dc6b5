/** An account on a real PDS, used through the official client. */
import { AtpAgent, type BlobRef } from "@atproto/api";
import { POST_COLLECTION } from "../../etl/atproto/post.ts";
import { ADMIN_PASSWORD } from "./network.ts";

/** A record as the PDS has confirmed it. */
export interface Published {
  uri: string;
  cid: string;
  /** As JSON, links as in DAG-JSON. */
  record: Record<string, unknown>;
}

export type Write = { collection: string; rkey?: string; value: Record<string, unknown> };

export class Author {
  private constructor(readonly agent: AtpAgent, readonly did: string, readonly handle: string) {}

  /** Create an account with the handle `<name>.test`. */
  static async create(service: string, name: string): Promise<Author> {
    const agent = new AtpAgent({ service });
    const handle = `${name}.test`;
    const password = crypto.randomUUID();
    const { data } = await agent.createAccount({ handle, password, email: `${handle}@peers.test` });
    return new Author(agent, data.did, handle);
  }

  /** Publish a post; what is not given is an English text of this moment. */
  post(changes: Record<string, unknown>): Promise<Published> {
    const createdAt = new Date().toISOString();
    return this.create(POST_COLLECTION, { text: "", createdAt, langs: ["en"], ...changes });
  }

  async create(
    collection: string,
    value: Record<string, unknown>,
    rkey?: string,
  ): Promise<Published> {
    const record = { $type: collection, ...value };
    const { data } = await this.agent.com.atproto.repo.createRecord(
      { repo: this.did, collection, record, rkey },
    );
    return { uri: data.uri, cid: data.cid, record: JSON.parse(JSON.stringify(record)) };
  }

  /** Replace a record. */
  async update(published: Published, changes: Record<string, unknown>): Promise<Published> {
    const [collection, rkey] = pathOf(published);
    const record = { ...published.record, ...changes };
    const { data } = await this.agent.com.atproto.repo.putRecord(
      { repo: this.did, collection, rkey, record },
    );
    return { uri: data.uri, cid: data.cid, record };
  }

  async delete(published: { uri: string }): Promise<void> {
    const [collection, rkey] = pathOf(published);
    await this.agent.com.atproto.repo.deleteRecord({ repo: this.did, collection, rkey });
  }

  /** Publish several records in one commit. */
  async createTogether(writes: Write[]): Promise<Published[]> {
    const records = writes.map(({ collection, value }) => ({ $type: collection, ...value }));
    const { data } = await this.agent.com.atproto.repo.applyWrites({
      repo: this.did,
      writes: writes.map(({ collection, rkey }, index) => ({
        $type: "com.atproto.repo.applyWrites#create" as const,
        collection,
        rkey,
        value: records[index]!,
      })),
    });
    return (data.results ?? []).map((result, index) => {
      const { uri, cid } = result as { uri: string; cid: string };
      return { uri, cid, record: records[index]! };
    });
  }

  like({ uri, cid }: { uri: string; cid: string }): Promise<Published> {
    const createdAt = new Date().toISOString();
    return this.create("app.bsky.feed.like", { subject: { uri, cid }, createdAt });
  }

  async image(bytes: Uint8Array): Promise<BlobRef> {
    const { data } = await this.agent.uploadBlob(bytes, { encoding: "image/png" });
    return data.blob;
  }

  async deactivate(): Promise<void> {
    await this.agent.com.atproto.server.deactivateAccount({});
  }

  async activate(): Promise<void> {
    await this.agent.com.atproto.server.activateAccount();
  }
}

/** What the operator of a PDS does to an account: remove it, or hide it from everyone. */
export async function moderate(
  service: string,
  did: string,
  action: "delete" | "take down",
): Promise<void> {
  const agent = new AtpAgent({ service });
  const headers = { authorization: `Basic ${btoa(`admin:${ADMIN_PASSWORD}`)}` };
  const options = { headers, encoding: "application/json" as const };
  if (action === "delete") await agent.com.atproto.admin.deleteAccount({ did }, options);
  else {
    const subject = { $type: "com.atproto.admin.defs#repoRef" as const, did };
    const takedown = { applied: true, ref: "test" };
    await agent.com.atproto.admin.updateSubjectStatus({ subject, takedown }, options);
  }
}

function pathOf({ uri }: { uri: string }): [string, string] {
  const [, , , collection, rkey] = uri.split("/");
  return [collection!, rkey!];
}
