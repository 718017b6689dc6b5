/** `classify:perspective` at a price: a quarter of a dollar a request. */
import { labellingCommand } from "../../../classifiers/engine/labelling_command.ts";
import { classifier, Settings } from "../../../classifiers/perspective.ts";
import { runCommand } from "../../../etl/command/command.ts";
import { checkSection } from "../../../etl/study/section.ts";

const command = labellingCommand({
  task: "classify:perspective",
  description: "A classifier that costs money.",
  examples: [],
  open({ study, studyPath }) {
    const settings = checkSection(Settings, study.classifiers.perspective, studyPath);
    const rootUrl = Deno.env.get("PERSPECTIVE_ROOT_URL")!;
    const key = Deno.env.get("PERSPECTIVE_API_KEY");
    return { classifier: { ...classifier(settings, rootUrl, key), price: () => 0.25 }, settings };
  },
});

Deno.exit(await runCommand(command, Deno.args));
