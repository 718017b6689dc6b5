import { clockByAppView, clockByFiles } from "./clock.ts";
import { appView, login } from "./appview.ts";
import { batches } from "./batches.ts";
import { damagedFiles } from "./damaged_files.ts";
import { denoDirectory } from "./deno_dir.ts";
import { denoVersion, packages } from "./packages.ts";
import { diskSpace } from "./disk_space.ts";
import type { Examination } from "./examination.ts";
import { fileSystem } from "./file_system.ts";
import type { Finding } from "./finding.ts";
import { languageModelKey, modelsServed } from "../../classifiers/checks/language_model.ts";
import { halfWritten, unlanded } from "./leftovers.ts";
import { locks } from "./locks.ts";
import { notices } from "./notices.ts";
import {
  perspectiveAnswers,
  perspectiveEnds,
  perspectiveKey,
} from "../../classifiers/checks/perspective.ts";
import { secretFiles } from "./secret_files.ts";
import { FIREHOSE, JETSTREAM, streamAddresses, streamAnswers } from "./stream.ts";
import { studySettings } from "../../classifiers/checks/study_settings.ts";

/** Something that is looked at. */
export interface Check {
  name: string;
  group: "this machine" | "the data folder" | "the study" | "services";
  /** It asks a server, and is left out where none may be asked. */
  isOnline?: boolean;
  /** Give what there is to say: nothing where it does not concern the study. Changes nothing. */
  look(examination: Examination): Finding | Finding[] | Promise<Finding | Finding[]>;
}

/** Everything that `deno task doctor` looks at, in the order in which it is shown. */
export const CHECKS: Check[] = [
  { name: "deno", group: "this machine", look: ({ root }) => denoVersion(root) },
  {
    name: "packages",
    group: "this machine",
    look: ({ root, denoDir }) => packages(root, denoDir),
  },
  { name: "deno_dir", group: "this machine", look: denoDirectory },
  { name: "clock", group: "this machine", look: clockByFiles },
  { name: "clock_skew", group: "this machine", isOnline: true, look: clockByAppView },
  { name: "secret_files", group: "this machine", look: secretFiles },
  { name: "file_system", group: "the data folder", look: fileSystem },
  { name: "disk_space", group: "the data folder", look: diskSpace },
  { name: "damaged_files", group: "the data folder", look: damagedFiles },
  { name: "unlanded", group: "the data folder", look: unlanded },
  { name: "half_written", group: "the data folder", look: halfWritten },
  { name: "locks", group: "the data folder", look: locks },
  { name: "batches", group: "the data folder", look: batches },
  { name: "settings", group: "the study", look: studySettings },
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
  { name: "perspective_key", group: "services", look: perspectiveKey },
  {
    name: "perspective_end",
    group: "services",
    look: (examination) => perspectiveEnds(examination),
  },
  { name: "language_model_key", group: "services", look: languageModelKey },
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
  { name: "perspective", group: "services", isOnline: true, look: perspectiveAnswers },
  { name: "language_model", group: "services", isOnline: true, look: modelsServed },
];
