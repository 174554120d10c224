import { ConnectionPool } from "../ssh/pool.ts";

/** The SSH connections of this process; `closeProviders` closes them. */
export const connections = new ConnectionPool();
