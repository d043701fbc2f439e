import type { Config } from './config.ts';
import type { Foundation } from './foundation.ts';
import { SigningKeys } from './sessions/signing-keys.ts';

/** The signing keys as the settings want them: for the server, and for the command that rotates them. */
export const makeSigningKeys = (
  { tokenAlg, signingKeySeconds }: Config,
  { database, audit, keyring, clock, random, logger }: Foundation,
): SigningKeys =>
  new SigningKeys({
    database,
    audit,
    keyring,
    clock,
    random,
    logger,
    algorithm: tokenAlg,
    rotateSeconds: signingKeySeconds,
  });
