import type { Engine } from "../engine/select.ts";
import type { PreviewCommand } from "./preview.ts";

export async function previewAgainst(_options: PreviewCommand, _engine: Engine): Promise<void> {
  throw new Error("not yet");
}
