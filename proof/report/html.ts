import { readFileSync } from "node:fs";
import { diagram, escapeXml as escapeHtml } from "../diagram.ts";
import { closures } from "../model.ts";
import type { ClaimResult, CounterExample, FailureResult, FailureSet } from "../results.ts";
import { label } from "../scenarios.ts";
import {
  cell,
  conclusion,
  conclusionText,
  failureCount,
  type Report,
  remedyTitle,
  setTitles,
  signs,
  unknownsOf,
} from "./report.ts";

const asset = (name: string): string =>
  readFileSync(new URL(`./page/${name}`, import.meta.url), "utf8");

/** JSON that cannot end the script element that carries it. */
function embedded(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

function worst(failure: FailureResult): "refuted" | "unknown" | "proven" {
  const verdicts = Object.values(failure.outcomes).map(({ verdict }) => verdict);
  if (verdicts.includes("refuted")) return "refuted";
  return verdicts.includes("unknown") ? "unknown" : "proven";
}

function nameOf(failure: FailureResult): string {
  return failure.size > 1 ? `${label(failure)} (and ${failure.size - 1} like it)` : label(failure);
}

function failureList({ proof }: Report): string {
  const items = proof.failures.map((failure) => {
    const verdict = worst(failure);
    const broken = Object.values(failure.outcomes).filter(
      (outcome) => outcome.verdict === "refuted",
    ).length;
    const tail = failure.bound ? "bound" : broken > 0 ? `${broken} broken` : "";
    return `<li><button type="button" aria-pressed="false" tabindex="-1"><span class="${verdict}" aria-label="${verdict}">${signs[verdict]}</span><span>${escapeHtml(nameOf(failure))}</span><span class="count">${tail}</span></button></li>`;
  });
  return `<ul class="failures" aria-label="Failures">${items.join("\n")}</ul>`;
}

function claimRow({ title, sets, notApplicable }: ClaimResult): string {
  if (notApplicable !== undefined) {
    return `<tr><td>- ${escapeHtml(title)}</td><td colspan="3">does not apply: ${escapeHtml(notApplicable)}</td></tr>`;
  }
  const cells = (["single", "roll", "pair"] as FailureSet[]).map((set) => {
    const { verdict } = sets[set];
    return `<td class="number ${verdict}">${signs[verdict]} ${cell(sets[set])}</td>`;
  });
  return `<tr><td>${escapeHtml(title)}</td>${cells.join("")}</tr>`;
}

function claimTable({ proof }: Report): string {
  const head = (["single", "roll", "pair"] as FailureSet[]).map(
    (set) => `<th scope="col">${failureCount(proof, set)} ${setTitles[set]}</th>`,
  );
  return `<table><thead><tr><th scope="col">claim</th>${head.join("")}</tr></thead><tbody>${proof.claims.map(claimRow).join("\n")}</tbody></table>`;
}

/** Draws the counter-example's failures; claims about the plan as a whole have none to draw. */
function showButton({ domains, sentence, fix, failures }: CounterExample): string {
  if (domains.length === 0) return "";
  const text = { sentence, fix, label: failures.join(" and ") };
  return `<button type="button" class="show" data-domains="${domains.join(" ")}" data-text="${escapeHtml(JSON.stringify(text))}">Show</button>`;
}

function counterExamples({ proof }: Report): string {
  const rows = (["single", "roll", "pair"] as FailureSet[]).flatMap((set) =>
    proof.claims.flatMap(({ id, sets }) => {
      const [first] = sets[set].counterExamples;
      if (sets[set].verdict === "unknown") {
        return sets[set].unknown.map(
          ({ why, remedy }) =>
            `<tr><td>${id}</td><td>${setTitles[set]}</td><td>unknown: ${escapeHtml(why)}<div class="fix">${remedyTitle}: ${escapeHtml(remedy)}</div></td><td></td></tr>`,
        );
      }
      if (!first || sets[set].verdict !== "refuted") return [];
      return [
        `<tr><td>${id}</td><td>${setTitles[set]}</td><td>${escapeHtml(first.sentence)}<div class="fix">Fix: ${escapeHtml(first.fix)}</div></td><td>${showButton(first)}</td></tr>`,
      ];
    }),
  );
  if (rows.length === 0) return "<p>There is none.</p>";
  return `<table><thead><tr><th scope="col">claim</th><th scope="col">among</th><th scope="col">smallest counter-example, or why it is unknown</th><th scope="col"><span class="unseen">Picture</span></th></tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
}

function lists({ proof, findings }: Report): string {
  const items = [
    ...proof.unproven.flatMap((one) =>
      unknownsOf(proof, one).map(
        ({ why, remedy }) =>
          `<li class="unknown">? ${one.claim} is unknown: ${escapeHtml(why)}<div class="fix">${remedyTitle}: ${escapeHtml(remedy)}</div></li>`,
      ),
    ),
    ...findings.map(({ sentence, fix, allowedBy }) =>
      allowedBy === undefined
        ? `<li class="refuted">✘ ${escapeHtml(sentence)}<div class="fix">Fix: ${escapeHtml(fix)}</div></li>`
        : `<li>Allowed by --allow ${escapeHtml(allowedBy)}: ${escapeHtml(sentence)}</li>`,
    ),
    ...proof.bounds.map(
      ({ sentence, fix }) =>
        `<li>Bound of the stack: ${escapeHtml(sentence)}. To lift it: ${escapeHtml(fix)}.</li>`,
    ),
  ];
  return items.length === 0 ? "" : `<ul>${items.join("\n")}</ul>`;
}

/** For paper, where nothing can be clicked: what every failure breaks. */
function printedFailures({ proof }: Report): string {
  const rows = proof.failures.map((failure) => {
    const broken = Object.entries(failure.outcomes).flatMap(([claim, outcome]) =>
      outcome.verdict === "refuted" ? [`${claim}: ${escapeHtml(outcome.left)}`] : [],
    );
    return `<tr><td>${escapeHtml(nameOf(failure))}</td><td>${broken.join("<br>") || "every claim holds or is unknown"}</td></tr>`;
  });
  return `<section class="only-print"><h2>Every single failure</h2><table>${rows.join("\n")}</table></section>`;
}

function pageData({ proof, model }: Report): unknown {
  const inner = closures(model);
  const drawn = proof.claims.flatMap(({ sets }) =>
    Object.values(sets).flatMap(({ counterExamples: [first] }) => first?.domains ?? []),
  );
  return {
    remedyTitle,
    titles: Object.fromEntries(proof.claims.map(({ id, title }) => [id, title])),
    takes: Object.fromEntries(drawn.map((id) => [id, inner[id]])),
    first: Math.max(
      0,
      proof.failures.findIndex((failure) => worst(failure) === "refuted" && !failure.bound),
    ),
    failures: proof.failures.map((failure) => ({
      label: nameOf(failure),
      takes: failure.takes,
      domains: failure.like,
      outcomes: failure.outcomes,
    })),
  };
}

/** One page that needs nothing else: no network, no other file. */
export function html(report: Report): string {
  const title = `Proof of stack ${report.stack}`;
  const found = conclusion(report);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>
${asset("page.css")}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p class="verdict ${found}">${escapeHtml(conclusionText(report))}</p>
${lists(report)}
</header>
<main>
<p class="hint">Choose a failure, by mouse or with the arrow keys, to see what it takes and what is left.</p>
<div class="explorer">
${failureList(report)}
<div>
<div class="picture">${diagram(report.model)}</div>
<section class="left" id="left" aria-live="polite"></section>
</div>
</div>
<h2>Claims</h2>
${claimTable(report)}
<h2>Smallest counter-examples, and what is unknown</h2>
${counterExamples(report)}
${printedFailures(report)}
</main>
<script type="application/json" id="proof-data">${embedded(pageData(report))}</script>
<script>
${asset("client.js")}</script>
</body>
</html>
`;
}
