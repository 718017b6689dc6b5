import { clockByAppView, clockByFiles } from "./clock.ts";
import { appView, login } from "./appview.ts";
import { lineEnds } from "./line_ends.ts";
import { denoDirectory } from "./deno_dir.ts";
import { denoVersion, packages } from "./packages.ts";
import { diskSpace } from "./disk_space.ts";
import type { Examination } from "./examination.ts";
import { fileSystem, secretFiles } from "./file_system.ts";
import type { Finding } from "./finding.ts";
import { notices } from "./notices.ts";
import { strays } from "./strays.ts";
import { FIREHOSE, JETSTREAM, streamAddresses, streamAnswers } from "./stream.ts";

/** A check of `doctor`. */
export interface Check {
  name: string;
  group: "this machine" | "the data folder" | "the study" | "services";
  /** It asks a server, and is left out offline. */
  isOnline?: boolean;
  /** Give the findings: none where it does not concern the study. Changes nothing. */
  look(examination: Examination): Finding | Finding[] | Promise<Finding | Finding[]>;
}

/**
 * The checks of `deno task doctor`, in the order shown; checks of classifiers are
 * in `classifiers/checks/`.
 */
export const CHECKS: Check[] = [
  { name: "deno", group: "this machine", look: ({ root }) => denoVersion(root) },
  {
    name: "packages",
    group: "this machine",
    look: ({ root, denoDir }) => packages(root, denoDir),
  },
  { name: "deno_dir", group: "this machine", look: denoDirectory },
  { name: "line_ends", group: "this machine", look: ({ root }) => lineEnds(root) },
  { name: "clock", group: "this machine", look: clockByFiles },
  { name: "clock_skew", group: "this machine", isOnline: true, look: clockByAppView },
  { name: "secret_files", group: "this machine", look: secretFiles },
  { name: "file_system", group: "the data folder", look: fileSystem },
  { name: "strays", group: "the data folder", look: strays },
  { name: "disk_space", group: "the data folder", look: diskSpace },
  {
    name: "relay_addresses",
    group: "the study",
    look: (examination) => streamAddresses(FIREHOSE, examination),
  },
  {
    name: "jetstream_addresses",
    group: "the study",
    look: (examination) => streamAddresses(JETSTREAM, examination),
  },
  { name: "notices", group: "the study", look: notices },
  { name: "login", group: "services", look: login },
  {
    name: "relay",
    group: "services",
    isOnline: true,
    look: (examination) => streamAnswers(FIREHOSE, examination),
  },
  {
    name: "jetstream",
    group: "services",
    isOnline: true,
    look: (examination) => streamAnswers(JETSTREAM, examination),
  },
  { name: "appview", group: "services", isOnline: true, look: appView },
];
