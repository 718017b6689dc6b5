/** A stage that posts pass; the box beside it names the others. */
export interface FlowStage {
  title: string;
  lines: string[];
  /** Posts that stop here. */
  aside?: { title: string; lines: string[] };
  /** One of several that begin at the last stage which is none. */
  isBranch?: boolean;
}

const WIDTH = 720;
const LINE = 17;
const PADDING = 10;
const GAP = 26;
const MAIN = { x: 16, width: 392 };
const BRANCH = { x: 56, width: 352 };
const ASIDE = { x: 456, width: 248 };
/** Characters of a line, by the width of a box. */
const CHARACTER = 6.6;

/** Plain colours stand in the attributes, as Word reads no style sheet; a style makes them dark. */
const STYLE = `text { font-family: system-ui, "Segoe UI", Arial, sans-serif; }
@media (prefers-color-scheme: dark) {
  .paper { fill: #15171a; } .box { fill: #1f2226; stroke: #6b7078; } .ink { fill: #e6e7e9; }
  .muted { fill: #a4a9b0; } .line { stroke: #a4a9b0; } .head { fill: #a4a9b0; }
}`;

/** Draw stages as a standalone SVG file; screen readers read `title`. */
export function flowDiagram(title: string, stages: FlowStage[]): string {
  const parts: string[] = [];
  let y = 16;
  let trunk = 0;
  let previous: number | undefined;
  for (const { title, lines, aside, isBranch } of stages) {
    const place = isBranch ? BRANCH : MAIN;
    const main = box(place, y, title, lines, true);
    const side = aside && box(ASIDE, y, aside.title, aside.lines, false);
    const middle = y + LINE;
    if (isBranch) {
      const from = MAIN.x + 20;
      parts.push(arrow([[from, trunk], [from, middle], [place.x, middle]]));
    } else if (previous !== undefined) {
      const x = MAIN.x + MAIN.width / 2;
      parts.push(arrow([[x, previous], [x, y]]));
    }
    if (side) parts.push(arrow([[place.x + place.width, middle], [ASIDE.x, middle]]), side.svg);
    parts.push(main.svg);
    previous = y + main.height;
    if (!isBranch) trunk = previous;
    y += Math.max(main.height, side?.height ?? 0) + GAP;
  }
  const height = y - GAP + 16;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" ` +
    `height="${height}" role="img" aria-label="${escape(title)}"><title>${escape(title)}</title>
<style>${STYLE}</style>
<rect class="paper" width="${WIDTH}" height="${height}" fill="#ffffff"/>
${parts.join("\n")}
</svg>
`;
}

function box(
  { x, width }: { x: number; width: number },
  y: number,
  title: string,
  lines: string[],
  isMain: boolean,
): { svg: string; height: number } {
  const room = Math.floor((width - 2 * PADDING) / CHARACTER);
  const heads = wrap(title, Math.floor(room * 0.88));
  const body = lines.flatMap((line) => wrap(line, room));
  const height = 2 * PADDING + LINE * (heads.length + body.length);
  const text = (line: string, index: number) => {
    const isHead = index < heads.length;
    const look = isHead
      ? 'class="ink" fill="#1c1e21" font-weight="600" font-size="14"'
      : 'class="muted" fill="#5c6067" font-size="12.5"';
    return `<text x="${x + PADDING}" y="${y + PADDING + LINE * (index + 0.78)}" ${look}>${
      escape(line)
    }</text>`;
  };
  const dash = isMain ? "" : ' stroke-dasharray="4 3"';
  return {
    height,
    svg:
      `<rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="4" fill="#f3f4f6" ` +
      `stroke="#8a8f96"${dash}/>\n${[...heads, ...body].map(text).join("\n")}`,
  };
}

function arrow(points: [number, number][]): string {
  const [x, y] = points.at(-1)!;
  const isDown = points.at(-2)![0] === x;
  const head = isDown
    ? `${x - 4},${y - 8} ${x + 4},${y - 8} ${x},${y}`
    : `${x - 8},${y - 4} ${x - 8},${y + 4} ${x},${y}`;
  return `<polyline class="line" points="${
    points.map((point) => point.join(",")).join(" ")
  }" fill="none" stroke="#5c6067"/>` + `<polygon class="head" points="${head}" fill="#5c6067"/>`;
}

/** Break a text into lines of so many characters; a word that is longer stands alone. */
function wrap(text: string, room: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= room) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
