import { closeProviders } from "../../engine/embedded/providers/index.ts";

const endSeconds = 60;

/** What the engine keeps open for a whole run (SSH connections, the dynamic-provider host) ends with the suite. */
export const mochaHooks = {
  async afterAll(): Promise<void> {
    await closeProviders();
    // Fires only while something else keeps the process alive: a leak is named, and CI does not wait for it.
    setTimeout(() => {
      const open = process.getActiveResourcesInfo().join(", ");
      console.error(`the suite has ended and its process has not, for ${endSeconds} s: ${open}`);
      process.exit();
    }, endSeconds * 1000).unref();
  },
};
