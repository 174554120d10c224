import { OwnLab } from "../../../lab/ownLab.ts";

/** One whole cluster, brought up once for all tests that need it, and taken down by the last of them. */
export const testLab = new OwnLab("labtest", 77);
