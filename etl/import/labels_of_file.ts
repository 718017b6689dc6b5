import type { GivenLabel } from "./given_labels.ts";
import { isBlank, isOneText } from "../labels/same_text.ts";

/** A uri with more labels of one coder names something else than a post. */
const MOST_VERSIONS = 20;

/** Labels of a file: of each coder one for a version of a post. */
export class LabelsOfFile {
  #byCoder = new Map<string, GivenLabel[]>();

  /**
   * Did a coder not say another thing of the same version of the post?
   *
   * Two cids are two versions. Without them the texts tell, of which one may have been cut, or is missing:
   * such labels are one where they say the same.
   */
  canTake(label: GivenLabel): boolean {
    const earlier = this.#ofCoder(label);
    const ofVersion = earlier.filter((one) => isOneVersion(one, label));
    if (ofVersion.length === 0 && earlier.length >= MOST_VERSIONS) return false;
    return ofVersion.length === 0 || ofVersion.some((one) => isSame(one, label));
  }

  /** Take a label that can be taken. */
  add(label: GivenLabel) {
    const earlier = this.#ofCoder(label);
    const same = earlier.find((one) => isOneVersion(one, label) && isSame(one, label));
    if (same === undefined) {
      this.#byCoder.set(keyOf(label), [...earlier, label]);
    } else {
      same.cid ??= label.cid;
      if (isBlank(same.text)) same.text = label.text;
    }
  }

  #ofCoder(label: GivenLabel): GivenLabel[] {
    return this.#byCoder.get(keyOf(label)) ?? [];
  }

  get size(): number {
    return this.#byCoder.values().reduce((sum, { length }) => sum + length, 0);
  }

  *[Symbol.iterator](): Iterator<GivenLabel> {
    for (const labels of this.#byCoder.values()) yield* labels;
  }
}

function isOneVersion(a: GivenLabel, b: GivenLabel): boolean {
  return a.cid && b.cid ? a.cid === b.cid : isOneText(a.text, b.text);
}

function isSame({ values: a }: GivenLabel, { values: b }: GivenLabel): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function keyOf({ uri, coder }: GivenLabel): string {
  return `${uri}\n${coder}`;
}
