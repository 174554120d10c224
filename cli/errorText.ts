/** Errors that say nothing to a user: they mean a mistake in Quorum itself. */
const bugs = [TypeError, RangeError, ReferenceError];

const withoutCredentials =
  "no AWS credentials were found: sign in (`aws sso login`), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

/** An error as the command line prints it: what is wrong; for a bug of our own where, too. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`;
  if (error.name === "CredentialsProviderError") return `error: ${withoutCredentials}`;
  if (!bugs.some((kind) => error instanceof kind)) return `error: ${error.message}`;
  return `error: this is a bug in Quorum; please report it with these lines\n${error.stack ?? error.message}`;
}
