import { closeProviders } from "../../engine/embedded/providers/index.ts";

/** What the engine keeps open for a whole run (SSH connections, the dynamic-provider host) ends with the suite. */
export const mochaHooks = {
  async afterAll(): Promise<void> {
    await closeProviders();
  },
};
