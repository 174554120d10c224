import { createSealer, openSealer, passphraseFrom } from "./passphrase.ts";
import type { SecretSealer } from "./propertyCodec.ts";

/** Where the key to a stack's secrets comes from; asked only when a secret must be read or written. */
export class StackSecrets {
  readonly #env: NodeJS.ProcessEnv;
  readonly #open = new Map<string, Promise<SecretSealer>>();

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** Sealer of an existing salt. Throws when there is no passphrase or it is the wrong one. */
  forSalt(saltText: string): Promise<SecretSealer> {
    let sealer = this.#open.get(saltText);
    if (sealer === undefined) {
      sealer = this.#passphrase().then((passphrase) => openSealer(saltText, passphrase));
      this.#open.set(saltText, sealer);
    }
    return sealer;
  }

  /** Sealer with a new salt. Throws when there is no passphrase. */
  async create(): Promise<{ saltText: string; sealer: SecretSealer }> {
    const created = await createSealer(await this.#passphrase());
    this.#open.set(created.saltText, Promise.resolve(created.sealer));
    return created;
  }

  /** Throws when there is no passphrase, so that nothing begins that could not be written down. */
  async requirePassphrase(): Promise<void> {
    await this.#passphrase();
  }

  async #passphrase(): Promise<string> {
    const passphrase = await passphraseFrom(this.#env);
    if (passphrase === undefined) {
      throw new Error(
        "secrets of a stack are sealed under a passphrase: set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to a file that holds the passphrase",
      );
    }
    return passphrase;
  }
}
