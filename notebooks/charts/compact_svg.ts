/**
 * Leave out of an SVG what a picture on a page has no use for: roles and names of its parts (the page
 * has the text beside it), styles that nothing in it uses, digits that nobody sees.
 */
export function compactSvg(svg: string): string {
  return svg
    .replace(/<style>:where\(\.plot-[^]*?<\/style>/g, "")
    .replace(/<style>([^]*?)<\/style>/g, (_, style) => `<style>${compactStyle(style, svg)}</style>`)
    .replace(/\s*\n\s*/g, "\n")
    .replace(
      /<[a-z](?:[^<>"]|"[^"]*")*>/g,
      (tag) =>
        tag.replace(/ (?:role|aria-[a-z]+|stroke-dasharray="")(?:="[^"]*")?(?=[\s/>])/g, "")
          .replace(/ class="plot-\w+"/, "")
          .replace(/-?\d+\.\d+(?:e-\d+)?/g, (number) => String(round(Number(number)))),
    );
}

function compactStyle(style: string, svg: string): string {
  return style.replace(
    /\s*(--[\w-]+):[^;]*;/g,
    (setting, name) => svg.includes(`var(${name})`) ? setting : "",
  )
    .replace(/\s*([{};:,])\s*/g, "$1");
}

function round(number: number): number {
  return Math.round(number * 100) / 100;
}
