import type { RateLimitName } from '../limits/rate-limits.ts';
import {
  type AccessRule,
  anyone,
  anyoneWithoutBadCredentials,
  asParent,
  holding,
  loggedIn,
  recentlyHolding,
  recentlyLoggedIn,
  selfOr,
} from './rules.ts';

/** Who may read or call one field, and which rows of the rate-limit table count it. */
export interface FieldAccess {
  readonly rule: AccessRule;
  readonly limits: readonly RateLimitName[];
  /** Whom these limits do not count, since others do: asked before them. */
  readonly exempt?: Exemption;
}

/** KNOWN_DEVICE: a login with the token of a device that was here before, which has an allowance of its own. */
export type Exemption = 'KNOWN_DEVICE';

const row = (rule: AccessRule, ...limits: RateLimitName[]): FieldAccess => ({ rule, limits });
const rows = <F extends string>(rule: AccessRule, ...fields: F[]) =>
  Object.fromEntries(fields.map((field) => [field, row(rule)])) as { [N in F]: FieldAccess };

const LOGIN = ['loginByClientAndAccount', 'loginByClient', 'loginByAccount'] as const;
/** Of somebody who is logged in: counted by the session, so that a thief of one cannot use up the owner's attempts elsewhere. */
const PROOF = ['proofBySession', 'loginByClient'] as const;
const ADMINISTRATION = 'administrationByUser';
const MAIL = ['mailByClient', 'mailByAccount'] as const;

/**
 * EVERY field of every type: what is not here is not served, the server does not even start with it. Types are in the order
 * of the contract.
 */
export const ACCESS_MAP: Readonly<Record<string, Readonly<Record<string, FieldAccess>>>> = {
  Query: {
    me: row(anyoneWithoutBadCredentials),
    user: row(loggedIn, 'readingByUser'),
    users: row(holding('USERS_READ'), 'readingByUser'),
    roles: row(holding('ROLES_READ')),
    auditEvents: row(holding('AUDIT_READ'), 'auditReadingByUser'),
    auditIntegrity: row(holding('AUDIT_READ'), 'auditReadingByUser'),
    serverInfo: row(anyone),
  },
  Mutation: {
    register: row(anyone, ...MAIL),
    verifyEmail: row(anyone, 'mailTokenByClient'),
    resendVerification: row(anyone, ...MAIL),
    requestEmailChange: row(recentlyLoggedIn, ...MAIL),
    confirmEmailChange: row(loggedIn, 'mailTokenByClient'),
    revertEmailChange: row(anyone, 'mailTokenByClient'),

    login: { ...row(anyone, ...LOGIN), exempt: 'KNOWN_DEVICE' },
    refresh: row(anyone, 'refreshByClient', 'refreshByToken'),
    reauthenticate: row(loggedIn, ...PROOF),
    serviceToken: row(loggedIn, 'serviceTokenByUser'),
    logout: row(anyone, 'mutationByClient'),
    revokeSession: row(recentlyLoggedIn, 'mutationByClient'),
    revokeOtherSessions: row(recentlyLoggedIn, 'mutationByClient'),

    changePassword: row(loggedIn, ...PROOF),
    requestPasswordReset: row(anyone, ...MAIL),
    resetPassword: row(anyone, 'mailTokenByClient'),

    updateProfile: row(loggedIn, 'updateProfileByUser'),
    exportMyData: row(recentlyLoggedIn, 'exportByUser'),
    eraseMe: row(recentlyLoggedIn, 'mutationByClient'),

    createUser: row(recentlyHolding('USERS_WRITE'), ADMINISTRATION),
    disableUser: row(recentlyHolding('USERS_WRITE'), ADMINISTRATION),
    eraseUser: row(recentlyHolding('USERS_ERASE'), ADMINISTRATION),
    enableUser: row(recentlyHolding('USERS_WRITE'), ADMINISTRATION),
    revokeUserSessions: row(recentlyHolding('SESSIONS_REVOKE'), ADMINISTRATION),
    createRole: row(recentlyHolding('ROLES_WRITE'), ADMINISTRATION),
    updateRole: row(recentlyHolding('ROLES_WRITE'), ADMINISTRATION),
    deleteRole: row(recentlyHolding('ROLES_WRITE'), ADMINISTRATION),
    assignRole: row(recentlyHolding('ROLES_WRITE'), ADMINISTRATION),
    unassignRole: row(recentlyHolding('ROLES_WRITE'), ADMINISTRATION),
  },

  User: {
    ...rows(asParent, 'id', 'emailVerified', 'status', 'roles', 'permissions', 'profile', 'createdAt', 'lastLoginAt'),
    ...rows(selfOr('USERS_READ'), 'email'),
    ...rows(selfOr('SESSIONS_READ'), 'sessions'),
  },
  Profile: rows(
    selfOr('USERS_READ'),
    'displayName',
    'givenName',
    'familyName',
    'bio',
    'phone',
    'birthDate',
    'address',
    'avatarUrl',
    'locale',
    'timeZone',
    'updatedAt',
  ),
  UserConnection: rows(asParent, 'edges', 'nodes', 'pageInfo'),
  UserEdge: rows(asParent, 'cursor', 'node'),
  PageInfo: rows(asParent, 'hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor'),
  PostalAddress: rows(asParent, 'lines', 'locality', 'region', 'postalCode', 'country'),
  Role: rows(asParent, 'id', 'name', 'description', 'permissions', 'builtIn'),

  LoggedIn: rows(
    asParent,
    'accessToken',
    'tokenType',
    'expiresIn',
    'refreshToken',
    'session',
    'user',
    'requiredActions',
    'deviceToken',
  ),
  SecondFactorRequired: rows(asParent, 'loginToken', 'expiresIn', 'methods', 'passkeyOptions'),
  Session: rows(
    asParent,
    'id',
    'current',
    'createdAt',
    'lastSeenAt',
    'expiresAt',
    'authenticatedAt',
    'secondFactor',
    'ip',
    'userAgent',
    'deviceName',
  ),
  ServiceToken: rows(asParent, 'accessToken', 'tokenType', 'expiresIn'),

  RegisterPayload: rows(asParent, 'accepted'),
  VerifyEmailPayload: rows(asParent, 'verified', 'setPassword'),
  ResendVerificationPayload: rows(asParent, 'accepted'),
  RequestEmailChangePayload: rows(asParent, 'accepted'),
  ConfirmEmailChangePayload: rows(asParent, 'user'),
  RevertEmailChangePayload: rows(asParent, 'reverted'),
  LogoutPayload: rows(asParent, 'loggedOut'),
  RevokeSessionPayload: rows(asParent, 'revoked', 'revokedSessionId', 'user'),
  RevokeOtherSessionsPayload: rows(asParent, 'revokedCount', 'revokedSessionIds', 'user'),
  ChangePasswordPayload: rows(asParent, 'changed'),
  RequestPasswordResetPayload: rows(asParent, 'accepted'),
  ResetPasswordPayload: rows(asParent, 'reset', 'deviceToken'),
  UpdateProfilePayload: rows(asParent, 'user'),
  ExportMyDataPayload: rows(asParent, 'exportedAt', 'data'),
  EraseMePayload: rows(asParent, 'erased'),
  EraseUserPayload: rows(asParent, 'user'),
  CreateUserPayload: rows(asParent, 'user'),
  DisableUserPayload: rows(asParent, 'user'),
  EnableUserPayload: rows(asParent, 'user'),
  RevokeUserSessionsPayload: rows(asParent, 'revokedCount', 'user'),
  CreateRolePayload: rows(asParent, 'role'),
  UpdateRolePayload: rows(asParent, 'role'),
  DeleteRolePayload: rows(asParent, 'deleted', 'deletedRoleId'),
  AssignRolePayload: rows(asParent, 'user'),
  UnassignRolePayload: rows(asParent, 'user'),

  AuditEvent: rows(
    asParent,
    'id',
    'at',
    'type',
    'outcome',
    'actorKind',
    'actorId',
    'actor',
    'subjectId',
    'operationName',
    'requestId',
    'ip',
    'userAgent',
    'details',
    'sealedAt',
  ),
  AuditEventConnection: rows(asParent, 'edges', 'nodes', 'pageInfo'),
  AuditEventEdge: rows(asParent, 'cursor', 'node'),
  AuditIntegrity: rows(asParent, 'intact', 'verifiedAt', 'head', 'sealedEvents', 'firstBrokenId', 'singleRole'),

  ServerInfo: rows(
    anyone,
    'version',
    'registrationOpen',
    'passwordPolicy',
    'loginMethods',
    'secondFactorMethods',
    'recentLoginSeconds',
    'errorCodes',
    'fieldProblems',
  ),
  PasswordPolicy: rows(anyone, 'minLength', 'maxLength', 'refuses'),
};
