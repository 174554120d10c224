import { readFile } from "node:fs/promises";
import { type PreviewDocument, refuseWithoutSames } from "../engine/baseline.ts";

/**
 * Text of a file that the user named; "-" reads standard input.
 * @param what stands in errors, e.g. "the kubeconfig".
 */
export async function inputText(file: string, what: string): Promise<string> {
  try {
    return await readFile(file === "-" ? "/dev/stdin" : file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new Error(`cannot read ${what}: ${file} does not exist`);
    if (code === "EISDIR") throw new Error(`cannot read ${what}: ${file} is a folder`);
    throw new Error(`cannot read ${what}: ${message}`);
  }
}

/**
 * A preview that `preview --json` of either engine printed. One of an unchanged stack may have no
 * steps, and then says how many resources stay the same.
 */
export async function savedPreview(file: string): Promise<PreviewDocument> {
  const text = await inputText(file, "the saved preview");
  const document = parsed(text);
  if (typeof document === "object" && document !== null)
    if ("steps" in document ? Array.isArray(document.steps) : "changeSummary" in document)
      return document;
  throw new Error(`${file} is no preview: save one with \`quorum preview --json --show-sames\``);
}

/** A saved preview that holds the whole plan: what is left out could not be judged. */
export async function savedPlan(file: string): Promise<PreviewDocument> {
  const document = await savedPreview(file);
  refuseWithoutSames(document, file);
  if (document.steps !== undefined) return document;
  throw new Error(`${file} has no steps: save it with \`quorum preview --json --show-sames\``);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
