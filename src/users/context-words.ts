/**
 * Names that stand for this server and its roles (ASVS v5.0.0-6.1.2): no password may be made of them (v5.0.0-6.2.11). The
 * operator's own are added where the policy is made. General words (`login`, `password`) are in the list of common passwords.
 */
export const CONTEXT_WORDS = ['gatehouse', 'admin', 'administrator', 'auditor', 'support', 'user'] as const;
