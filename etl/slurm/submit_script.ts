import { shellWord } from "../run/shell_word.ts";

/** Give the script that submits the jobs in `folder`, each after those that it needs. */
export function submitScript(folder: string): string {
  return `#!/usr/bin/env bash
# Submits the jobs in their order. Written by deno task slurm, which writes it anew.
set -euo pipefail
cd ${shellWord(folder)}
mkdir -p logs
# Behind a semicolon stands the cluster.
array=$(sbatch --parsable label.sh)
array=\${array%%;*}
# Also after days that failed: what is labelled is counted.
after=$(sbatch --parsable --dependency="afterany:$array" aggregate.sh)
after=\${after%%;*}
echo "submitted $array (label.sh) and after it $after (aggregate.sh)"
`;
}
