/** The topology as SVG: a column for each zone, a row for each kind of thing. */
import type { DomainId, Model } from "./model.ts";
import { type Box, type Row, topologyOf } from "./topology.ts";

const column = { width: 236, gap: 16 };
const box = { width: 220, height: 26, gap: 6 };
const cell = { size: 11, gap: 3 };
const margin = 16;
const labelHeight = 18;
/** More machines than this in one zone are drawn as small squares. */
const boxesPerZone = 6;

export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** The middle is the part of a long name that tells least. */
function shorten(name: string, most = 30): string {
  if (name.length <= most) return name;
  return `${name.slice(0, 11)}…${name.slice(name.length - most + 12)}`;
}

interface Drawing {
  parts: string[];
  lost: ReadonlySet<DomainId>;
}

function attributes(one: Box, kind: string, drawing: Drawing): string {
  const gone = one.standsIn.some((id) => drawing.lost.has(id));
  return `class="part ${kind}${gone ? " lost" : ""}" data-in="${one.standsIn.join(" ")}" data-domain="${one.domain}"`;
}

function drawBox(one: Box, kind: string, x: number, y: number, width: number, drawing: Drawing) {
  drawing.parts.push(
    `<g ${attributes(one, kind, drawing)}><title>${escapeXml(one.name)}</title>`,
    `<rect x="${x}" y="${y}" width="${width}" height="${box.height}" rx="4"/>`,
    `<line class="strike" x1="${x}" y1="${y + box.height}" x2="${x + width}" y2="${y}"/>`,
    `<text x="${x + width / 2}" y="${y + 17}">${escapeXml(shorten(one.name, Math.floor(width / 7)))}</text></g>`,
  );
}

function drawCell(one: Box, kind: string, x: number, y: number, drawing: Drawing): void {
  drawing.parts.push(
    `<g ${attributes(one, kind, drawing)}><title>${escapeXml(one.name)}</title>`,
    `<rect x="${x}" y="${y}" width="${cell.size}" height="${cell.size}" rx="2"/>`,
    `<line class="strike" x1="${x}" y1="${y + cell.size}" x2="${x + cell.size}" y2="${y}"/></g>`,
  );
}

const perLine = Math.floor((box.width + cell.gap) / (cell.size + cell.gap));

function heightOf(boxes: readonly Box[], small: boolean): number {
  return small
    ? Math.ceil(boxes.length / perLine) * (cell.size + cell.gap)
    : boxes.length * (box.height + box.gap);
}

/** @returns the y below the row. */
function drawRow(one: Row, y: number, drawing: Drawing): number {
  drawing.parts.push(`<text class="label" x="${margin + 8}" y="${y + 12}">${one.title}</text>`);
  const top = y + labelHeight;
  const small = one.columns.some((boxes) => boxes.length > boxesPerZone);
  one.columns.forEach((boxes, index) => {
    const left = margin + index * (column.width + column.gap) + (column.width - box.width) / 2;
    boxes.forEach((each, number) => {
      if (small) {
        const x = left + (number % perLine) * (cell.size + cell.gap);
        drawCell(
          each,
          one.kind,
          x,
          top + Math.floor(number / perLine) * (cell.size + cell.gap),
          drawing,
        );
      } else {
        drawBox(each, one.kind, left, top + number * (box.height + box.gap), box.width, drawing);
      }
    });
  });
  return top + Math.max(...one.columns.map((boxes) => heightOf(boxes, small))) + 6;
}

const style = `
svg{font:12px system-ui,sans-serif;--ink:#1b2430;--paper:#fff;--soft:#f2f5f8;--line:#aab4bf}
svg text{fill:var(--ink);text-anchor:middle}
svg .label{text-anchor:start;fill:#5a6673;font-size:11px}
svg .part.zone:not(.lost)>rect{fill:var(--soft);stroke:var(--line)}
svg .part>rect{fill:var(--paper);stroke-width:1.5}
svg .etcd>rect{stroke:#1f6feb}svg .api-server>rect{stroke:#8250df}
svg .load-balancer>rect,svg .front>rect{stroke:#b35900}
svg .worker>rect{stroke:#1a7f37}svg .nat>rect{stroke:#57606a}svg .storage>rect{stroke:#0b7285}
svg .managed>rect{stroke:#8250df;stroke-dasharray:4 3;fill:var(--paper)}
svg .strike{display:none;stroke:#cf222e;stroke-width:2}
svg .lost>rect{fill:#ffe3e3;stroke:#cf222e;stroke-dasharray:3 2}
svg .lost>.strike{display:inline}
svg .lost>text{fill:#8a1a22}`;

/**
 * @param lost domains to draw as lost; default none.
 * @returns one SVG document without references to anything outside it.
 */
export function diagram(model: Model, lost: ReadonlySet<DomainId> = new Set()): string {
  const topology = topologyOf(model);
  const drawing: Drawing = { parts: [], lost };
  const width =
    margin * 2 + Math.max(1, topology.columns.length) * (column.width + column.gap) - column.gap;
  const wide = width - 2 * margin;
  let y = margin;
  for (const front of topology.fronts) {
    drawBox({ ...front, name: `API address ${front.name}` }, "front", margin, y, wide, drawing);
    y += box.height + box.gap;
  }
  if (topology.managed !== undefined) {
    const none = { name: topology.managed, standsIn: [], domain: -1 };
    drawBox(none, "managed", margin, y, wide, drawing);
    y += box.height + box.gap;
  }
  const zoneTop = y + 4;
  y = zoneTop + 26;
  const body: Drawing = { parts: [], lost };
  for (const each of topology.rows) y = drawRow(each, y, body);
  topology.columns.forEach(({ name, domain }, index) => {
    const x = margin + index * (column.width + column.gap);
    const zone = { name, standsIn: [domain], domain };
    drawing.parts.push(
      `<g ${attributes(zone, "zone", drawing)}><title>zone ${escapeXml(name)}</title>`,
      `<rect x="${x}" y="${zoneTop}" width="${column.width}" height="${y - zoneTop}" rx="6"/>`,
      `<text x="${x + column.width / 2}" y="${zoneTop + 18}">zone ${escapeXml(name)}</text></g>`,
    );
  });
  const height = y + margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Topology of the cluster by zone">`,
    `<style>${style}</style>`,
    ...drawing.parts,
    ...body.parts,
    "</svg>",
  ].join("\n");
}
