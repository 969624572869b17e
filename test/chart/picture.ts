/** Reads a chart's SVG as a browser would lay it out, as far as tests need: well-formedness, numbers, the boxes of labels. */
import { textWidth } from "../../src/chart/text.ts";

export interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Node[];
  text: string;
}

export interface Box {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const TOKEN = /<(\/?)([a-zA-Z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;

/** The tree of a piece of XML. Throws where it is not well formed. */
export function parseXml(markup: string): Node {
  const root: Node = { name: "", attributes: {}, children: [], text: "" };
  const open = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < markup.length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(markup);
    if (match === null) throw new Error(`Not well formed at ${from}: ${markup.slice(from, from + 60)}`);
    const [, closing, name, written, isEmpty, text] = match;
    const parent = open.at(-1)!;
    if (text !== undefined) {
      parent.text += decoded(text);
    } else if (closing === "/") {
      if (parent.name !== name) throw new Error(`</${name}> closes <${parent.name}>.`);
      open.pop();
    } else {
      const node: Node = { name: name!, attributes: attributesOf(written!), children: [], text: "" };
      parent.children.push(node);
      if (isEmpty !== "/") open.push(node);
    }
  }
  if (open.length !== 1 || root.children.length !== 1) throw new Error(`<${open.at(-1)!.name}> is not closed.`);
  return root.children[0]!;
}

function attributesOf(written: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, key, value] of written.matchAll(/([\w:-]+)="([^"]*)"/g)) {
    if (key! in attributes) throw new Error(`Attribute ${key} stands twice.`);
    attributes[key!] = decoded(value!);
  }
  return attributes;
}

function decoded(text: string): string {
  const stray = /&(?!(?:amp|lt|gt|quot|#39);)/.exec(text);
  if (stray !== null) throw new Error(`A stray & in ${text}`);
  return text.replace(
    /&(amp|lt|gt|quot|#39);/g,
    (_, name) => ({ amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" })[name as string]!,
  );
}

/** All nodes of a tree, in order. */
export function* nodes(root: Node): Generator<Node> {
  yield root;
  for (const child of root.children) yield* nodes(child);
}

/** Where the labels lie, by the same estimate of widths that laid them out. */
export function labelBoxes(root: Node): Box[] {
  return [...nodes(root)]
    .filter(({ name }) => name === "text")
    .map(({ attributes, text }) => {
      const size = Number(attributes["font-size"] ?? 12);
      const width = textWidth(text, size);
      const anchor = attributes["text-anchor"] ?? "start";
      const left = Number(attributes.x) - (anchor === "middle" ? width / 2 : anchor === "end" ? width : 0);
      // The height of capitals and digits, which is what would collide.
      return { text, left, right: left + width, top: Number(attributes.y) - size * 0.72, bottom: Number(attributes.y) };
    });
}

/** Pairs of labels that lie on one another. */
export function collisions(boxes: readonly Box[]): string[] {
  return boxes.flatMap((a, i) =>
    boxes
      .slice(i + 1)
      .flatMap((b) =>
        a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5
          ? [`"${a.text}" and "${b.text}" at ${Math.round(a.left)}, ${Math.round(a.bottom)}`]
          : [],
      ),
  );
}
