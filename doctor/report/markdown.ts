import type { Diagnosis, Finding } from "../finding.ts";
import { conclusion, headings, lossText, title } from "./text.ts";

/** Text that Markdown would read as markup is left as it is written. */
function plain(text: string): string {
  return text.replace(/([\\`*_|<>[\]])/g, "\\$1");
}

function table(findings: readonly Finding[]): string[] {
  return [
    "| what | does not survive | why | fix |",
    "|---|---|---|---|",
    ...findings.map(
      (one) =>
        `| ${[one.subject, lossText(one), `${one.because} (${one.rule})`, one.fix].map(plain).join(" | ")} |`,
    ),
  ];
}

/** The report as a comment body. */
export function markdown(stack: string, diagnosis: Diagnosis): string {
  const { findings, accepted, unknown } = diagnosis;
  const part = (heading: string, body: string[]) =>
    body.length === 0 ? [] : [`#### ${heading}`, "", ...body, ""];
  const of = (certainty: Finding["certainty"]) => {
    const some = findings.filter((one) => one.certainty === certainty);
    return some.length === 0 ? [] : table(some);
  };
  return [
    `### ${plain(title(stack, diagnosis))}`,
    "",
    `${plain(conclusion(diagnosis))}.`,
    "",
    ...part(headings.now, of("now")),
    ...part(headings.luck, of("luck")),
    ...part(
      headings.accepted,
      accepted.map(({ subject, because }) => `- ${plain(subject)}: ${plain(because)}`),
    ),
    ...part(
      headings.unknown,
      unknown.map((one) => `- ${plain(one)}`),
    ),
  ]
    .join("\n")
    .trimEnd();
}
