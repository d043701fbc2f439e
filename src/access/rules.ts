import { AppError } from '../platform/errors.ts';
import type { Permission } from './permissions.ts';
import type { RequestContext } from './request-context.ts';

/** Lets anybody through: the field is not wrapped, so it costs nothing. */
interface OpenRule {
  readonly kind: 'open';
  readonly says: string;
}

/** Refuses a field with an error. */
interface GuardRule {
  readonly kind: 'guard';
  readonly says: string;
  /** The refusal, or undefined to let through. An error thrown refuses too. */
  readonly refuse: (context: RequestContext) => Promise<AppError | undefined>;
}

/** Turns a value into null, without an error: forbidden then looks like not set. */
interface HiddenRule {
  readonly kind: 'hidden';
  readonly says: string;
  readonly mayRead: (parent: unknown, context: RequestContext) => boolean;
}

export type AccessRule = OpenRule | GuardRule | HiddenRule;

/** Anybody, logged in or not. */
export const anyone: AccessRule = { kind: 'open', says: 'anyone' };

/** Whoever could reach the object that holds the field. */
export const asParent: AccessRule = { kind: 'open', says: 'whoever may read the object' };

/** Without credentials too, but not with bad ones. */
export const anyoneWithoutBadCredentials: AccessRule = {
  kind: 'guard',
  says: 'anyone, with sound credentials or none',
  refuse: async (context) => {
    await context.findViewer();
    return undefined;
  },
};

export const loggedIn: AccessRule = {
  kind: 'guard',
  says: 'logged in',
  refuse: async (context) => {
    await context.getViewer();
    return undefined;
  },
};

/**
 * Logged in, and with a proof of who they are that is no older than `recentLoginSeconds`. Freshness belongs to the token: a
 * reauthentication makes a new one, and the older ones are past their time.
 */
export const recentlyLoggedIn: GuardRule = {
  kind: 'guard',
  says: 'logged in recently',
  refuse: async (context) => {
    const viewer = await context.getViewer();
    return context.isRecent(viewer)
      ? undefined
      : new AppError('REAUTHENTICATION_REQUIRED', 'This needs a recent login: call reauthenticate, then repeat.');
  },
};

const forbidden = (permission: Permission) => new AppError('FORBIDDEN', `This needs ${permission}.`);

/** A holder of the permission. */
export const holding = (permission: Permission): AccessRule => ({
  kind: 'guard',
  says: permission,
  refuse: async (context) =>
    (await context.getViewer()).permissions.has(permission) ? undefined : forbidden(permission),
});

/** A holder of the permission who has logged in recently. Who lacks it hears of that first: to log in again would help nobody. */
export const recentlyHolding = (permission: Permission): AccessRule => ({
  kind: 'guard',
  says: `${permission}, logged in recently`,
  refuse: async (context) => {
    const viewer = await context.getViewer();
    return viewer.permissions.has(permission) ? recentlyLoggedIn.refuse(context) : forbidden(permission);
  },
});

/** An object that belongs to a user: a user by `id`, anything else by `userId`. */
const ownerOf = (parent: unknown): unknown => {
  if (typeof parent !== 'object' || parent === null) return undefined;
  return 'userId' in parent ? parent.userId : 'id' in parent ? parent.id : undefined;
};

/**
 * The user themselves, or a holder of the permission. The object was reached through a root field whose rule has read the
 * viewer, so this is decided without waiting: a promise for each field would cost more than the field.
 */
export const selfOr = (permission: Permission): AccessRule => ({
  kind: 'hidden',
  says: `self, or ${permission}; else null`,
  mayRead: (parent, context) => {
    const owner = ownerOf(parent);
    if (owner === undefined) return false;
    const viewer = context.knownViewer;
    return owner === context.provenUserId || owner === viewer?.userId || viewer?.permissions.has(permission) === true;
  },
});
