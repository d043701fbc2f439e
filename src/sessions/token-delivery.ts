import type { RequestContext } from '../access/request-context.ts';
import { badInput } from '../platform/bad-input.ts';
import type { LoggedIn } from './logged-in.type.ts';
import type { TokenDelivery } from './session.entity.ts';

const REFRESH_COOKIE = 'refresh';
const DEVICE_COOKIE = 'device';
export const DEVICE_SECONDS = 365 * 86_400;

/** A refresh token and the way it came. */
export interface BroughtToken {
  readonly text: string;
  readonly delivery: TokenDelivery;
}

/**
 * Throws BAD_USER_INPUT where a cookie would be lost, or could be forced on somebody: a page of a stranger must not be able to
 * log a browser in as somebody else (login CSRF), and one of another site would never get its cookie back.
 */
export function refuseLostCookie(context: RequestContext, delivery: TokenDelivery): void {
  if (delivery !== 'COOKIE') return;
  const message = context.isCrossSite
    ? 'A cookie set for a page of another site is lost: serve the page from this site, put a proxy path in front, or use BODY.'
    : context.fromAllowedOrigin
      ? undefined
      : 'COOKIE is for browsers: the Origin header must be this server’s own or one of CORS_ORIGINS.';
  if (message) throw badInput([{ path: ['input', 'delivery'], code: 'NOT_ALLOWED', message }]);
}

/** The refresh token of a request: the argument, else the cookie where the Origin may use it. */
export function bringRefreshToken(
  context: RequestContext,
  argument: string | null | undefined,
): BroughtToken | undefined {
  if (argument) return { text: argument, delivery: 'BODY' };
  const text = context.fromAllowedOrigin ? context.cookies.find(REFRESH_COOKIE) : undefined;
  return text === undefined ? undefined : { text, delivery: 'COOKIE' };
}

/** The device token of a login: with COOKIE the cookie, with BODY the argument; never the one for the other. */
export function bringDeviceToken(
  context: RequestContext,
  delivery: TokenDelivery,
  argument: string | null | undefined,
): string | undefined {
  if (delivery === 'BODY') return argument ?? undefined;
  return context.fromAllowedOrigin ? context.cookies.find(DEVICE_COOKIE) : undefined;
}

/** Puts the tokens where they go: with COOKIE the refresh and device tokens leave the answer for HttpOnly cookies. */
export function deliver(context: RequestContext, answer: LoggedIn, delivery: TokenDelivery, now: Date): LoggedIn {
  if (delivery === 'BODY') return answer;
  const { refreshToken, deviceToken, session } = answer;
  if (refreshToken !== null && session) {
    const seconds = Math.max(1, Math.ceil((session.expiresAt.getTime() - now.getTime()) / 1000));
    context.cookies.set(REFRESH_COOKIE, refreshToken, seconds);
  }
  return Object.assign(answer, { refreshToken: null, deviceToken: deliverDevice(context, deviceToken, delivery) });
}

/** The same for a device token alone; what is left for the answer. */
export function deliverDevice(
  context: RequestContext,
  deviceToken: string | null,
  delivery: TokenDelivery,
): string | null {
  if (delivery === 'BODY') return deviceToken;
  if (deviceToken !== null) context.cookies.set(DEVICE_COOKIE, deviceToken, DEVICE_SECONDS);
  return null;
}

/** Takes the refresh cookie away, where the Origin may. */
export function clearRefreshCookie(context: RequestContext): void {
  if (context.fromAllowedOrigin && context.cookies.find(REFRESH_COOKIE) !== undefined)
    context.cookies.clear(REFRESH_COOKIE);
}
