import type { JsonWebKey } from 'node:crypto';
import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { type Sealed, sealedTransformer } from '../crypto/sealed.ts';

/** NEXT is published before it signs, RETIRED until its last token has expired: no verifier meets a key it cannot find. */
export const SIGNING_KEY_STATES = ['NEXT', 'CURRENT', 'RETIRED'] as const;
export type SigningKeyState = (typeof SIGNING_KEY_STATES)[number];

@Entity('signing_keys')
@Index('signing_keys_current_key', ['state'], { unique: true, where: `"state" = 'CURRENT'` })
@Check('signing_keys_state_check', `"state" IN ('NEXT', 'CURRENT', 'RETIRED')`)
export class SigningKeyEntity {
  /** The `kid` of the tokens it signs. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'signing_keys_pkey' })
  id!: string;

  @Column('text')
  algorithm!: 'EdDSA' | 'ES256';

  @Column('jsonb', { name: 'public_key' })
  publicKey!: JsonWebKey;

  /** The private JWK, under the keyring's system key `systemKeyId`. */
  @Column('bytea', { name: 'private_key', transformer: sealedTransformer })
  privateKey!: Sealed<JsonWebKey>;

  @Column('text', { name: 'system_key_id' })
  systemKeyId!: string;

  @Column('text')
  state!: SigningKeyState;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  /** When it began to sign. */
  @Column('timestamp with time zone', { name: 'current_at', precision: 3, nullable: true })
  currentAt!: Date | null;

  /** When it ceased to sign. */
  @Column('timestamp with time zone', { name: 'retired_at', precision: 3, nullable: true })
  retiredAt!: Date | null;
}
