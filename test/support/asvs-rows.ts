/**
 * Every requirement of levels 1 and 2 of OWASP ASVS 5.0.0 in the chapters that concern a server of this kind, a line each:
 * number | level | what it asks, in words of ours | where it is shown. The last is one or more of
 * - `file: title`, a test below test/ by its file and a title that stands in it (several: ` + ` between),
 * - `page docs/….md` (or another page), which says what the requirement wants to be written down,
 * - `not built yet: reason`, `not shown: reason` (it may hold, and no test says so), `deviation: reason` (SECURITY.md has it too),
 * - `not applicable: reason`.
 */
export const ASVS_ROWS = `
1.1.1 | 2 | input is decoded once, before it is checked | unit/email-address.test.ts: is one for two spellings of one mailbox, quoted or not (RFC 5321 §4.1.2) + api/http-body.test.ts: that is no UTF-8 is 400: a loose reading would make different passwords the same
1.1.2 | 2 | what is written out is escaped there, last | unit/mail/render-mail.test.ts: is escaped in HTML
1.2.1 | 1 | output fits where it goes: headers, HTML | unit/mail/render-mail.test.ts: is escaped in HTML + unit/mail/compose-message.test.ts: what would get into a header is refused:
1.2.2 | 1 | parts of URLs are encoded, and schemes known | unit/mail/compose-message.test.ts: in English reads as it is, link and token whole, however long the token + unit/scalars.test.ts: goes on taking signs beyond ASCII once the compiler has optimised it
1.2.3 | 1 | JSON cannot be broken out of | security/by-construction.test.ts: answers JSON that no value can break out of (v5.0.0-1.2.3)
1.2.4 | 1 | SQL is parameterised | architecture.test.ts: SQL stands in repositories, and in the text that makes the embedded database + api/bad-input.test.ts: $name: no value of any field makes it answer 500, repeat it, or write by halves
1.2.5 | 1 | no commands by a shell | unit/config.test.ts: KEYRING_COMMAND is one executable or an array, never a shell line
1.2.6 | 2 | LDAP | not applicable: there is no LDAP
1.2.7 | 2 | XPath | not applicable: there is no XML
1.2.8 | 2 | LaTeX | not applicable: there is no LaTeX
1.2.9 | 2 | input in regular expressions is escaped | not applicable: no expression is made of input
1.3.1 | 1 | rich text is cleaned | not applicable: no input is HTML
1.3.2 | 1 | no code is run from input | security/by-construction.test.ts: evaluate no text as a program (v5.0.0-1.3.2)
1.3.3 | 2 | what goes to a risky place is narrowed first | unit/mail/compose-message.test.ts: two addresses in one text are never two recipients + unit/mail/render-mail.test.ts: cannot turn the reading direction round
1.3.4 | 2 | SVG from users | not applicable: no files are taken
1.3.5 | 2 | templates from users | not applicable: none are taken
1.3.6 | 2 | no request to where a user says | not applicable: the server connects to configured places alone, avatar URLs are never fetched
1.3.7 | 2 | templates are not made of input | unit/mail/render-mail.test.ts: never stands in a mail to an address that a stranger may have typed
1.3.8 | 2 | JNDI | not applicable: there is no Java
1.3.9 | 2 | memcache | not applicable: there is none, keys in Redis are HMACs
1.3.10 | 2 | input is no format string | security/by-construction.test.ts: is one JSON object a line on standard error, whatever a fact holds, and its messages are no formats (v5.0.0-16.4.1)
1.3.11 | 2 | no commands into mail | unit/mail/compose-message.test.ts: what would get into a header is refused: + db/mail-outbox.test.ts: with an address that would break a header is refused before it is written
1.4.1 | 2 | memory-safe strings | not applicable: JavaScript
1.4.2 | 2 | numbers have ranges | unit/page-args.test.ts: first of %d is out of range + unit/config.test.ts: in production they stay within bounds
1.4.3 | 2 | memory is freed | not applicable: JavaScript
1.5.1 | 1 | XML parsers | not applicable: there is no XML
1.5.2 | 2 | what is parsed becomes known types alone | unit/scalars.test.ts: a key __proto__ is a key like any other + api/http-body.test.ts: is 415 without a type, with a body or without
2.1.1 | 1 | rules of input are written | page schema/schema.graphql
2.1.2 | 2 | rules between inputs are written | page schema/schema.graphql
2.1.3 | 2 | limits are written | page docs/limits.md
2.2.1 | 1 | all input is checked for what it may be | api/bad-input.test.ts: has an input here that fails + property/bad-input.property.test.ts: every bad value is reported, and nothing else is
2.2.2 | 1 | checked on the server | api/bad-input.test.ts: $name: no value of any field makes it answer 500, repeat it, or write by halves
2.2.3 | 2 | fields are checked together | unit/input-problems.test.ts: is judged by what stands beside it: address and profile
2.3.1 | 1 | steps run in their order alone | api/verification-tokens.test.ts: no token of a session is one + security/tokens.test.ts: and nowhere else
2.3.2 | 2 | written limits hold | api/limits-calls.test.ts: %s is RATE_LIMITED after three calls, and by no more than one an operation
2.3.3 | 2 | a change is whole, or not made | api/errors.test.ts: undoes what its mutation had begun: no session without its audit event + db/audit-trail.test.ts: are both gone when the event cannot be written
2.3.4 | 2 | what works once works once in parallel | api/verification-tokens.test.ts: of 50 parallel tries one succeeds, and the others are INVALID_TOKEN + security/power-races.test.ts: makings of one role, one makes it
2.4.1 | 2 | costly calls are held back | api/limits-calls.test.ts: has a limit + unit/crypto/hash-queue.test.ts: refuses with BUSY and a time to come back when the lane is full, and takes more once there is room
3.2.1 | 1 | browsers show no answer as a page | api/http-headers.test.ts: %s has the security headers, an id, and nothing of the request + api/http-headers.test.ts: an answer that is shown as a page loads nothing
3.2.2 | 1 | text is put into pages as text | not applicable: front ends are others', the playground is GraphiQL
3.3.1 | 1 | cookies are Secure, with a prefix | unit/cookies.test.ts: on https belongs to this host alone and never leaves TLS (v5.0.0-3.3.1 to 3.3.4)
3.3.2 | 2 | cookies have SameSite | unit/cookies.test.ts: on https belongs to this host alone and never leaves TLS (v5.0.0-3.3.1 to 3.3.4)
3.3.3 | 2 | cookies have __Host- | unit/cookies.test.ts: on https belongs to this host alone and never leaves TLS (v5.0.0-3.3.1 to 3.3.4)
3.3.4 | 2 | secret cookies are HttpOnly | unit/cookies.test.ts: on https belongs to this host alone and never leaves TLS (v5.0.0-3.3.1 to 3.3.4) + api/credentials.test.ts: takes its refresh token from the cookie alone, from an allowed origin alone
3.4.1 | 1 | HSTS | api/http-headers.test.ts: %s has HSTS where clients come by https
3.4.2 | 1 | CORS by a list | api/http-gates.test.ts: CORS (v5.0.0-3.4.2)
3.4.3 | 2 | CSP | deviation: inline styles of the playground + api/http-headers.test.ts: %s has the security headers, an id, and nothing of the request
3.4.4 | 2 | nosniff | api/http-headers.test.ts: %s has the security headers, an id, and nothing of the request
3.4.5 | 2 | a referrer policy | api/http-headers.test.ts: %s has the security headers, an id, and nothing of the request
3.4.6 | 2 | frame-ancestors | api/http-headers.test.ts: %s has the security headers, an id, and nothing of the request
3.5.1 | 1 | no forged request of another page | api/credentials.test.ts: takes its refresh token from the cookie alone, from an allowed origin alone
3.5.2 | 1 | no request without preflight is carried out | api/http-body.test.ts: is 415 as %j, and nothing is carried out (v5.0.0-3.5.2)
3.5.3 | 1 | nothing by GET | api/http-body.test.ts: an operation in the query string is not carried out (v5.0.0-14.2.1)
3.5.4 | 2 | one host for one application | api/http-gates.test.ts: nothing is carried out for another host
3.5.5 | 2 | postMessage | not applicable: no page here listens
3.7.1 | 2 | client technologies | not applicable: front ends are others'
3.7.2 | 2 | redirects by a list | not applicable: nothing redirects
4.1.1 | 1 | a right Content-Type | api/http-headers.test.ts: %s, where it is an error, is a list of errors with code and id, kept by nobody + api/http-audits.test.ts: are the 61 that there are
4.1.2 | 2 | no redirect from HTTP to HTTPS | api/http-tls.test.ts: is the only thing spoken on the port: HTTP in clear is answered nothing (v5.0.0-12.2.1)
4.1.3 | 2 | a client cannot set a proxy's headers | api/http-gates.test.ts: counts the connection, whatever headers claim (v5.0.0-4.1.3, 15.3.4)
4.2.1 | 2 | no smuggled requests | api/http-wire.test.ts: a request whose end could be read in two ways (v5.0.0-4.2.1)
4.3.1 | 2 | GraphQL documents have limits | api/limits-documents.test.ts: a document (v5.0.0-4.3.1) + api/trusted-documents.test.ts: where trusted documents alone run
4.3.2 | 2 | no introspection in production | security/schema-exposure.test.ts: the schema where it is closed (v5.0.0-4.3.2)
4.4.1 | 1 | WebSockets by TLS | not applicable: there are none
4.4.2 | 2 | WebSocket origins | not applicable: there are none
4.4.3 | 2 | WebSocket tokens | not applicable: there are none
4.4.4 | 2 | WebSocket tokens by https | not applicable: there are none
6.1.1 | 1 | defences against guessing are written, without shutting owners out | page SECURITY.md + api/limits-login.test.ts: leave the account open to its owner elsewhere, and other accounts to that client (v5.0.0-6.1.1) + api/guessing.test.ts: leave the owner’s next login open, in the app that has its device token, from wherever
6.1.2 | 2 | words barred from passwords are written | page docs/decisions/common-passwords.md
6.1.3 | 2 | ways to log in are written | page SECURITY.md
6.2.1 | 1 | 8 characters or more | unit/password-policy.test.ts: of 15 will do, and one less will not
6.2.2 | 1 | people change their password | api/credentials.test.ts: ends the other sessions, keeps this one, mails a notice, and only the new one opens the account
6.2.3 | 1 | with the current one | api/credentials.test.ts: refuses a wrong current password, the current one as new, and a weak one
6.2.4 | 1 | the most common are refused | property/common-passwords.test.ts: those of 8 characters or more are all in the list
6.2.5 | 1 | no rules of composition | unit/password-policy.test.ts: is free: %s alone will do
6.2.6 | 1 | password fields hide | not applicable: front ends are others'
6.2.7 | 1 | pasting works | not applicable: front ends are others'
6.2.8 | 1 | taken as typed | deviation: NFKC + unit/crypto/password-text.test.ts: is the same however it was typed, and keeps case and spaces
6.2.9 | 2 | 64 characters and more | unit/password-policy.test.ts: of 64, 128 and 256 code points will do, and 257 will not
6.2.10 | 2 | no change by the calendar | security/by-construction.test.ts: takes a password however old it is (v5.0.0-6.2.10)
6.2.11 | 2 | the words of this service are refused | unit/password-policy.test.ts: hold the words of this service, each of them, and the operator\\u2019s own
6.2.12 | 2 | breached ones are refused | property/common-passwords.test.ts: none passes the policy, in whatever case, nor with digits or a sign behind
6.3.1 | 1 | guessing is held back | api/limits-login.test.ts: wrong passwords of one client for one account (v5.0.0-6.3.1) + api/guessing.test.ts: are answered all, and a hundred of them were judged
6.3.2 | 1 | no default accounts | db/cli.test.ts: beside a running server makes an active, verified user with roles, who then logs in
6.3.3 | 2 | a second factor | deviation: not built yet
6.3.4 | 2 | every way in is as strong and written | security/tokens.test.ts: each kind of token is good in its own place alone (v5.0.0-9.2.2)
6.4.1 | 1 | first passwords and codes are random and short-lived | api/verification-tokens.test.ts: each lives 24 hours and no longer, by the server’s clock + unit/crypto/one-time-tokens.test.ts: is never the same twice (ASVS v5.0.0-11.5.1)
6.4.2 | 1 | no hints, no secret questions | page schema/schema.graphql
6.4.3 | 2 | a reset leaves the second factor | not built yet: there is none + api/credentials.test.ts: ends every session, gives none, and its token works once under 50 tries
6.4.4 | 2 | a lost factor is replaced as strictly | not built yet: there is none
6.5.1 | 2 | codes work once | api/verification-tokens.test.ts: a verification token works once (v5.0.0-6.5.1) + api/credentials.test.ts: ends every session, gives none, and its token works once under 50 tries
6.5.2 | 2 | weak secrets are hashed slowly | not built yet: there are no recovery codes, mailed tokens have 256 bits
6.5.3 | 2 | codes are random | architecture.test.ts: randomness comes from platform/random.ts + unit/crypto/one-time-tokens.test.ts: is the id of its row and 256 random bits, safe in a URL, and reads back
6.5.4 | 2 | codes have 20 bits | unit/crypto/one-time-tokens.test.ts: is the id of its row and 256 random bits, safe in a URL, and reads back
6.5.5 | 2 | codes live 10 minutes | deviation: mailed tokens live longer + api/credentials.test.ts: is void after thirty minutes, and after another change of the password
6.6.1 | 2 | SMS | not applicable: there is none
6.6.2 | 2 | a token is for its own request | unit/crypto/one-time-tokens.test.ts: is that of this token alone, and the token counts for its person and purpose alone (ASVS v5.0.0-6.6.2)
6.6.3 | 2 | mailed codes are held against guessing | api/limits-calls.test.ts: that do not work are 30 a client and hour, over all mutations that take one; a right one counts nothing
6.8.1 | 2 | identity providers | not applicable: there are none
6.8.2 | 2 | assertions | not applicable: there are none
6.8.3 | 2 | SAML | not applicable: there is none
6.8.4 | 2 | strength from providers | not applicable: there are none
7.1.1 | 2 | limits of sessions are written | page README.md
7.1.2 | 2 | how many sessions at once is written | page README.md + api/refresh.test.ts: a new login ends the oldest of a hundred sessions
7.1.3 | 2 | federated sessions | not applicable: there are none
7.2.1 | 1 | tokens are checked on the server | security/tokens.test.ts: with %s is UNAUTHENTICATED
7.2.2 | 1 | sessions have tokens that change | api/refresh.test.ts: gives a new pair, and the new one the next
7.2.3 | 1 | reference tokens have 128 random bits | unit/crypto/refresh-tokens.test.ts: has the MAC of its session, its generation and its key, and of no other
7.2.4 | 1 | a login gives a new token and ends the old | security/tokens.test.ts: a step-up leaves no older token of the session, here and on another server
7.3.1 | 2 | sessions end unused | api/refresh.test.ts: is dead with its session’s idle time, and with its absolute end however often it is used
7.3.2 | 2 | sessions end in any case | api/refresh.test.ts: is dead with its session’s idle time, and with its absolute end however often it is used
7.4.1 | 1 | an ended session is dead at once | security/tokens.test.ts: the token of a session that has ended (v5.0.0-7.4.1)
7.4.2 | 1 | disabling and erasing end all | security/fence.test.ts: of logins that race a disabling, each + api/refresh.test.ts: of a disabled user is dead at once, and so is the access token + security/power.test.ts: disabling: no session, no device token, no mailed token, and enabling brings none of them back
7.4.3 | 2 | a change of factor ends the others | api/credentials.test.ts: ends the other sessions, keeps this one, mails a notice, and only the new one opens the account
7.4.4 | 2 | logout is easy to find | not applicable: front ends are others'
7.4.5 | 2 | administrators end sessions | security/power.test.ts: disabling: no session, no device token, no mailed token, and enabling brings none of them back
7.5.1 | 2 | changes of the account need the person again | api/credentials.test.ts: needs a recent login, which reauthenticate gives; the tokens from before are dead
7.5.2 | 2 | people see and end their sessions | api/credentials.test.ts: are listed to their owner, named, and ended one by one or all but this
7.6.1 | 2 | federated lifetimes | not applicable: there are none
7.6.2 | 2 | no session without an act | not applicable: there is no single sign-on
8.1.1 | 1 | who may what is written | page README.md + page docs/administration.md + documents.test.ts: %s is what the sources make it
8.1.2 | 2 | for fields too | page README.md + security/access-matrix.test.ts: has every field of the schema, each once
8.2.1 | 1 | functions are for whom they are | security/access-matrix.test.ts: every root field for every actor (v5.0.0-8.2.1)
8.2.2 | 1 | things are for whose they are | security/access-matrix.test.ts: another’s session (v5.0.0-8.2.2)
8.2.3 | 2 | fields are for whom they are | security/guard-schema.test.ts: a field of a person
8.3.1 | 1 | rules run on the server | security/tokens.test.ts: that claims roles and permissions gets none by it: the tables say who may what
8.4.1 | 2 | tenants | not applicable: one server serves one
9.1.1 | 1 | signatures are checked first | security/tokens.test.ts: a forged access token (v5.0.0-9.1.1, 9.1.2, 9.1.3, 9.2.1)
9.1.2 | 1 | algorithms by a list | unit/crypto/access-token-attacks.test.ts: alg %p is refused, with and without a signature
9.1.3 | 1 | keys from here alone | unit/crypto/access-token-attacks.test.ts: a header with %s is refused
9.2.1 | 1 | tokens count in their time | unit/crypto/access-token-attacks.test.ts: a token without exp never was valid
9.2.2 | 2 | tokens count for their purpose | security/tokens.test.ts: each kind of token is good in its own place alone (v5.0.0-9.2.2)
9.2.3 | 2 | tokens for others are refused | api/credentials.test.ts: give tokens for the listed services alone, which this server refuses
9.2.4 | 2 | one key, one audience each | unit/crypto/access-tokens.test.ts: for another audience says all the same but that, is refused here, and is good there
10.3.3 | 2 | people are known by what is never given again (by analogy) | api/personal-data.test.ts: says farewell once at the address it had, and frees the address
10.3.4 | 2 | tokens prove how and when the person logged in (by analogy) | api/credentials.test.ts: needs a recent login, which reauthenticate gives; the tokens from before are dead
10.4.5 | 1 | refresh tokens rotate, and a used one ends the family (by analogy) | api/refresh.test.ts: ends the session when it comes back after its successor’s access token was seen
10.4.8 | 2 | refreshing ends at a fixed date (by analogy) | api/refresh.test.ts: of a holder of permissions is dead after 12 hours, however often it is used
10.4.9 | 2 | people end refresh tokens (by analogy) | api/credentials.test.ts: are listed to their owner, named, and ended one by one or all but this
11.1.1 | 2 | a policy of keys | page docs/keys.md
11.1.2 | 2 | an inventory of keys | page docs/keys.md
11.2.1 | 2 | vetted implementations | unit/crypto/known-answers.test.ts: HKDF-SHA-256
11.2.2 | 2 | keys and algorithms can be changed | unit/crypto/stored-password.test.ts: the pepper can be rotated without the password + db/signing-keys.test.ts: rotate by themselves: at no time does one sign that a cached set of the other lacks
11.2.3 | 2 | 128 bits | security/by-construction.test.ts: have keys of 256 bits (v5.0.0-11.2.3)
11.3.1 | 1 | no ECB, no PKCS#1 v1.5 | unit/crypto/access-token-attacks.test.ts: alg %p is refused, with and without a signature
11.3.2 | 1 | approved ciphers | unit/crypto/known-answers.test.ts: a box is version, nonce, ciphertext and tag + security/leaks.test.ts: the database (v5.0.0-11.3.2, 14.1.2)
11.3.3 | 2 | ciphertext cannot be changed | api/errors.test.ts: of a sealed value that was moved from another person is one, too (v5.0.0-11.3.3) + property/crypto/sealed.test.ts: does not open with any one bit another
11.4.1 | 1 | approved hashes | unit/audit/event-mac.test.ts: is HMAC-SHA-256 over those bytes under a key derived from the audit key
11.4.2 | 2 | passwords by a strong hash | unit/crypto/argon2id.test.ts: argon2id strings
11.4.3 | 2 | hashes resist collisions | unit/audit/commitment.test.ts: is SHA-256 over 32 random bytes and the canonical value
11.4.4 | 2 | keys from passwords | not applicable: none are
11.5.1 | 2 | secrets have 128 random bits | unit/crypto/one-time-tokens.test.ts: is never the same twice (ASVS v5.0.0-11.5.1)
11.6.1 | 2 | approved signatures | unit/crypto/known-answers.test.ts: RFC 8037 A.4: a JWS
12.1.1 | 1 | TLS 1.2 and 1.3 | api/http-tls.test.ts: is taken in 1.2, and not before
12.1.2 | 2 | strong suites | api/http-tls.test.ts: is not taken with %s: without forward secrecy, or without authenticated encryption
12.1.3 | 2 | certificates of clients | not applicable: none are taken
12.2.1 | 1 | TLS for all | api/http-tls.test.ts: is the only thing spoken on the port: HTTP in clear is answered nothing (v5.0.0-12.2.1) + unit/config-production.test.ts: needs https for its own address and for the pages that mails link to
12.2.2 | 1 | public certificates | not applicable: the operator's certificate
12.3.1 | 2 | all connections are encrypted | unit/config-production.test.ts: refuses a weak %s %j unless %s=accept
12.3.2 | 2 | certificates of servers are checked | unit/config-production.test.ts: refuses to check no certificate at all + unit/mail/smtp-transport.test.ts: sends nothing to a server whose certificate does not hold
12.3.3 | 2 | internal HTTP services | not applicable: there are none
12.3.4 | 2 | internal TLS trusts named CAs | unit/mail/smtp-transport.test.ts: smtps: speaks TLS from the first byte and checks the certificate
13.1.1 | 2 | what it talks to is written | not built yet: a page on what the server connects to
13.2.1 | 2 | services prove who they are | db/embedded-postgres.test.ts: stores passwords as SCRAM verifiers and asks for nothing weaker
13.2.2 | 2 | the least rights | security/database-role.test.ts: is no superuser, owns nothing, makes no roles or databases, and passes no row rules by
13.2.3 | 2 | no default credentials | db/embedded-postgres.test.ts: refuses a wrong password and a password of another role + unit/config-production.test.ts: tells everything that is missing at once
13.2.4 | 2 | a list of outside systems | not built yet: a page on what the server connects to
13.2.5 | 2 | a list of places to load from | not built yet: a page on what the server connects to
13.3.1 | 2 | secrets stand in a manager | unit/config.test.ts: KEYRING_COMMAND is one executable or an array, never a shell line + unit/config.test.ts: prints no secret, in whatever way it is printed
13.3.2 | 2 | few may read secrets | db/embedded-postgres.test.ts: closes the directory and its secrets to everybody else + db/key-rotation.test.ts: stays with its owner alone, the one before beside it
13.4.1 | 1 | no .git is served | api/http-pages.test.ts: has nothing at %s
13.4.2 | 2 | no debugging in production | unit/config.test.ts: closes in production what explorers use
13.4.3 | 2 | no listings of directories | api/http-pages.test.ts: has nothing at %s
13.4.4 | 2 | no TRACE | api/http-headers.test.ts: %s has the security headers, an id, and nothing of the request
13.4.5 | 2 | no pages that are not meant to be seen | api/http-pages.test.ts: is not there when it is off, nor is the schema
14.1.1 | 2 | sensitive data is listed | page docs/personal-data.md + db/personal-tables.test.ts: is in the list of personal tables, whichever table it stands in
14.1.2 | 2 | with its protection | page docs/personal-data.md + security/leaks.test.ts: the database (v5.0.0-11.3.2, 14.1.2)
14.2.1 | 1 | no secrets in URLs | api/http-body.test.ts: an operation in the query string is not carried out (v5.0.0-14.2.1) + security/leaks.test.ts: hold no password, and a token in fragments of links alone, which reach no log of a server
14.2.2 | 2 | no cached secrets | unit/crypto/wrapped-keys.test.ts: is let go of after its minute though nobody asks for a key again
14.2.3 | 2 | nothing to outsiders | not applicable: nothing is sent to others but mails to their own people
14.2.4 | 2 | the protections are there | security/leaks.test.ts: the database (v5.0.0-11.3.2, 14.1.2)
14.3.1 | 1 | the client's store is cleared at logout | services/playground.test.ts: takes a person from Register to Me and out again, carries the token, and stores nothing
14.3.2 | 2 | answers are not cached | api/http-graphql.test.ts: answers an operation, and nobody may keep the answer
14.3.3 | 2 | the browser keeps nothing sensitive | not applicable: front ends are others'
15.1.1 | 1 | deadlines for fixes are written | page docs/supply-chain.md
15.1.2 | 2 | an SBOM | page docs/supply-chain.md + supply-chain.test.ts: are each named by one exact version
15.1.3 | 2 | costly functions are written | page docs/limits.md
15.2.1 | 1 | components are fixed in time | page docs/supply-chain.md
15.2.2 | 2 | costly functions cannot starve the rest | unit/crypto/password-hasher.test.ts: answers BUSY to a flood with a time to come back, and does the rest + unit/crypto/hash-queue.test.ts: keeps half of its places for each lane, whichever comes flooding
15.2.3 | 2 | no test code in production | security/by-construction.test.ts: leave their tests out of the package (v5.0.0-15.2.3)
15.3.1 | 1 | only what is asked for is answered | architecture.test.ts: tables and GraphQL types are two things
15.3.2 | 2 | no redirects are followed | not applicable: no HTTP request goes out
15.3.3 | 2 | no mass assignment | api/bad-input.test.ts: $name: no value of any field makes it answer 500, repeat it, or write by halves
15.3.4 | 2 | the client's own address | api/limits-login.test.ts: is told by the trusted proxy’s own entry, whatever stands before it
15.3.5 | 2 | types are strict | unit/variable-problems.test.ts: variables that do not fit the operation are a request error
15.3.6 | 2 | no prototype pollution | unit/scalars.test.ts: a key __proto__ is a key like any other + unit/variable-problems.test.ts: variables with names of Object.prototype are not taken from it
15.3.7 | 2 | a parameter that stands twice | api/http-gates.test.ts: %s twice is refused, and once is not
16.1.1 | 2 | what is logged is listed | page docs/audit-events.md + page docs/audit.md
16.2.1 | 2 | who, what, when, where | security/leaks.test.ts: has the way of each request with it, sealed + security/access-matrix.test.ts: of somebody known is one event each, with its field, its code and its request, and without what was sent
16.2.2 | 2 | clocks agree | unit/readiness.test.ts: with its clock %i ms off passes: %s
16.2.3 | 2 | logs go to known places | security/by-construction.test.ts: is one JSON object a line on standard error, whatever a fact holds, and its messages are no formats (v5.0.0-16.4.1)
16.2.4 | 2 | one format | security/by-construction.test.ts: is one JSON object a line on standard error, whatever a fact holds, and its messages are no formats (v5.0.0-16.4.1)
16.2.5 | 2 | no secrets in logs | security/leaks.test.ts: the log (v5.0.0-16.2.5)
16.3.1 | 2 | every login is logged | api/limits-login.test.ts: are told to the audit trail at once, and not once a call
16.3.2 | 2 | every denial is logged | security/access-matrix.test.ts: a denial (v5.0.0-16.3.2)
16.3.3 | 2 | what is by-passed is logged | unit/audit/limit-refusals.test.ts: are one event at once, and one with the count when the window has ended
16.3.4 | 2 | faults are logged | api/errors.test.ts: stands in the log once under that id, without the values of its statement
16.4.1 | 2 | no forged lines in logs | security/by-construction.test.ts: is one JSON object a line on standard error, whatever a fact holds, and its messages are no formats (v5.0.0-16.4.1)
16.4.2 | 2 | logs cannot be changed | db/audit-trail.test.ts: as the server’s role cannot change, delete or empty + db/audit-tampering.test.ts: who deletes an event is found, with its position or without
16.4.3 | 2 | logs go elsewhere | db/audit-heads.test.ts: stands in the file of every node, also of one that sealed nothing
16.5.1 | 2 | errors are told in general | api/errors.test.ts: an error inside (v5.0.0-16.5.1)
16.5.2 | 2 | failures elsewhere leave it safe | services/redis.test.ts: a node counts its share by itself, says so once, and comes back by itself
16.5.3 | 2 | failures close | api/http-gates.test.ts: a window that fails is a failure inside, and nothing is carried out
`;
