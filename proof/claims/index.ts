import type { Claim } from "../claim.ts";
import { apiPath } from "./apiPath.ts";
import { capacity, capacityUnaided } from "./capacity.ts";
import { dns } from "./dns.ts";
import { drain } from "./drain.ts";
import { egress } from "./egress.ts";
import { etcdQuorum } from "./etcdQuorum.ts";
import { jointQuorum } from "./jointQuorum.ts";
import { minSize } from "./minSize.ts";
import { rollOrder } from "./rollOrder.ts";
import { storageQuorum } from "./storageQuorum.ts";
import { volumes } from "./volumes.ts";
import { workloads } from "./workloads.ts";

/** Every claim, in the order of reports. */
export const claims: readonly Claim[] = [
  etcdQuorum,
  apiPath,
  storageQuorum,
  minSize,
  volumes,
  jointQuorum,
  dns,
  workloads,
  capacity,
  capacityUnaided,
  egress,
  drain,
  rollOrder,
];
