import { at } from "../../proof/read.ts";
import type { ResourceRule } from "../rule.ts";

const types = ["aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/instance:Instance"];

export const imdsV2: ResourceRule = {
  kind: "resource",
  name: "imds-v2",
  description: "Instances answer metadata requests with a session token only, one hop away.",
  level: "mandatory",
  check({ type, inputs }) {
    if (!types.includes(type)) return [];
    const found: string[] = [];
    const tokens = at(inputs, "metadataOptions", "httpTokens");
    if (tokens !== "required") {
      found.push(`metadataOptions.httpTokens is ${String(tokens)}: set it to "required"`);
    }
    const hops = at(inputs, "metadataOptions", "httpPutResponseHopLimit");
    if (typeof hops !== "number" || hops > 1) {
      found.push(
        `metadataOptions.httpPutResponseHopLimit is ${String(hops)}: set it to 1, or pods can take on the node's role`,
      );
    }
    return found;
  },
};
