import type { Rule } from "../rule.ts";
import { encryption } from "./encryption.ts";
import { imdsV2 } from "./imdsV2.ts";
import { noPublicEndpoint } from "./noPublicEndpoint.ts";
import { oddQuorum } from "./oddQuorum.ts";
import { protectData } from "./protectData.ts";
import { scopedIam } from "./scopedIam.ts";

export const rules: readonly Rule[] = [
  oddQuorum,
  imdsV2,
  encryption,
  noPublicEndpoint,
  scopedIam,
  protectData,
];
