/** The rooms of the house, as the README shows them. */

/**
 * Every room, from the ground up, with what it holds: a file imports from its own room and from those
 * above this line in the list, never from one below. A room is a folder, or a file that stands alone.
 */
export const ROOMS: [room: string, holds: string][] = [
  [
    "etl/run",
    "what any line asks of the machine: clock, environment, options of a command line, errors, refusals of the operating system, requests that fail, exit statuses, pauses, processes, progress lines; durations, sizes and dollars in words",
  ],
  [
    "etl/store",
    "files on disk whatever they hold: paths, the schemas of all tables, the list of sources, Parquet, DuckDB, journals, JSON, whole files, locks and their owners, damage, quarantine, files that merged ones replace, archives",
  ],
  [
    "etl/study",
    "study.yaml: its sections and their checks, windows of hours, settings of paid classifiers, prices of models as it names them, when Perspective ends",
  ],
  [
    "etl/quota",
    "how fast a service may be asked: quotas, pacing, use of a day, what its headers allow",
  ],
  [
    "etl/command",
    "how a task as data becomes a run: help, signals, exit status; the ledger, with its row of every run, and what is read out of it: last runs, failures, warnings, the state of each task",
  ],
  [
    "etl/raw",
    "what sources brought, as raw parts: journal lines, journals of answers, landing, the place that landed last, inputs of preprocess, tombstones, removals",
  ],
  [
    "etl/atproto",
    "the AT Protocol: frames, CBOR, CAR, records, posts, times of events, Jetstream events, AppView, login sessions, web sockets",
  ],
  [
    "etl/coverage",
    "which hours of a stream were asked for, collected, owed, lost: windows laid down, spans, the strip of a week and its drawing in signs",
  ],
  [
    "etl/labels",
    "labels on disk, whoever made them: rows, files, label sets, reasons, columns, strata of posts, coded posts, posts found for given labels, panels on disk",
  ],
  [
    "etl/filters",
    "one file a filter, with their interface, their loader, their flags and the lists they read",
  ],
  [
    "etl/collect",
    "from a stream's socket to durable journal lines: the place in a stream, stretches, repetitions, segments, the task of a stream",
  ],
  [
    "etl/context",
    "the posts that a post replies to or quotes: references, fetched texts, the parts of a context",
  ],
  [
    "etl/import",
    "CSV files of others: their columns, and rows that become posts, human labels and given scores, and how these land",
  ],
  ["etl/export", "the analysis file: its columns, label sets, query and codebook; Markdown tables"],
  [
    "etl/sampling",
    "which posts are drawn for labelling, in what turn and with what probability, and which of them are pending",
  ],
  [
    "etl/batches",
    "batches of requests under way, as they lie on disk: their state, their files, the posts in them",
  ],
  [
    "etl/answers",
    "paid answers on disk, before they are labels: errors of services, segments, what they cost, reading them and merging them into labels",
  ],
  [
    "etl/sources",
    "one file a source that is asked, with its task `sync:…`, and the counts of posts at 48 hours",
  ],
  [
    "etl/deletion",
    "how removed posts leave every table, the recheck that finds them, and when the last one was",
  ],
  [
    "etl/preprocess",
    "how raw parts become the table of posts: index, days, languages, removed posts",
  ],
  [
    "etl/methods",
    "the data statement of a paper: its facts about sources, posts, times of creation, labels, removals and runs, its page, its flow diagram",
  ],
  [
    "etl/drift",
    "whether a labeller still says what it said: looks at anchors, round by round, agreement, kappa, shifts of scores, tests of coins",
  ],
  [
    "etl/watch",
    "what is overdue or failed, and who is told: incidents, notices, webhook, heartbeat",
  ],
  [
    "etl/daily",
    "the steps of a day: their processes, their key figures, incidents of those that fail",
  ],
  ["etl/compact", "how small files are merged and old days archived"],
  ["etl/schedule", "lines of a crontab, the times in them, where cron finds Deno"],
  ["etl/slurm", "batch scripts and scrontab lines for a Slurm cluster"],
  [
    "etl/status",
    "what the screen of `status` says: sources, labels and their prospects, costs, the last daily",
  ],
  [
    "etl/doctor",
    "what `doctor` examines before a night's run, a file each: disk, mounts, clock, packages, streams, AppView; its findings and their report",
  ],
  [
    "etl",
    "the tasks `aggregate`, `compact`, `daily`, `doctor`, `export`, `forget`, `methods`, `preprocess`, `schedule`, `slurm` and `status`, one file each",
  ],
  [
    "classifiers/engine",
    "a labelling run of a classifier, free or paid: its task, its plan, the posts in its queue, anchors to ask about again, workers that ask, wait and try again, its budget, progress and summary",
  ],
  [
    "classifiers/clients",
    "the servers of Perspective and of OpenAI-compatible models, as they are spoken to: requests, answers, refusals, addresses, batches",
  ],
  [
    "classifiers/codebooks",
    "codebooks as YAML, and what reads and hashes them; how a dictionary matches a text",
  ],
  [
    "classifiers/reply",
    "how the reply of a language model becomes label columns: formats, loose JSON, refusals",
  ],
  ["classifiers/list.ts", "every classifier once: its task, keys and label columns"],
  [
    "classifiers/prompt",
    "what a language model is shown: instructions, fenced posts, bounded contexts, counted tokens",
  ],
  [
    "classifiers/batch",
    "what a labelling run does with batches: taking posts, writing requests, carrying them to a server or a folder, landing the answers",
  ],
  [
    "classifiers/chat",
    "the task of a classifier that asks a language model: its questionnaire, its settings, whether its model is served, what requests to it cost",
  ],
  [
    "classifiers/panels",
    "the task `panel`: drawing posts by strata of scores, to link a successor of Perspective",
  ],
  [
    "classifiers/recorded",
    "the task `import`, and the recorded replies of language models that it reads",
  ],
  ["classifiers/checks", "what `doctor` asks about classifiers, their keys and their services"],
  [
    "classifiers",
    "one file a classifier, named as it, with its task `classify:…` and its section of the study",
  ],
  [
    "notebooks/query",
    "opening a data folder and what it holds, and SQL over the views of views.sql: engines, identifiers, kept posts, the macro `local_time`",
  ],
  [
    "notebooks/measures",
    "numbers that several figures share, nothing drawn: measures and their shares by day and hour, estimates, intervals, clusters, samples; labellers, people's answers, columns of attributes, posts of each source, days, covered hours, times of creation; facts under figures, log-odds, numbers as text",
  ],
  [
    "notebooks/charts",
    "drawing numbers that are given: axes, bars, stacked bars, lines, strips, heatmaps, distributions, matrices, means of groups, histories, legends, tables, notes, HTML",
  ],
  [
    "notebooks/figures",
    "one file a ready figure or table with its own query: scores of attributes and their means, correlations and prevalence, leans, languages, filters, terms, categories, labels, agreement, labellers in pairs, matched and side shares, posts per day",
  ],
  [
    "notebooks/render",
    "how a notebook becomes a page: what cells show, parameters, processes, fingerprints, the page and its footer",
  ],
  [
    "notebooks",
    "the notebooks, their views (views.sql), their one import (lib.ts) and the task `render`",
  ],
  ["demo/sample", "what the demo invents: accounts, posts, records, repositories, frames, scores"],
  [
    "demo/network",
    "relay, Jetstream and its events, AppView and login server on loopback, and their web sockets",
  ],
  ["demo/perspective", "a Comment Analyzer on loopback, and how faults are drawn"],
  ["demo/groq", "a Groq on loopback: chat completions, batches, rate limits, faults"],
  ["demo", "the task `demo`, its counts and its pictures"],
  ["main.ts", "the entry: every task, loaded by its name"],
  ["tests", "mirrors the tree; tests/crash holds what kills and floods, tests/bench the benches"],
];
