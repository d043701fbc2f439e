import type { JsonWebKey } from 'node:crypto';
import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { type Sealed, sealedTransformer } from '../crypto/sealed.ts';
import { SIGNING_KEY_STATES, type SigningKeyState } from '../crypto/signing-keys.ts';

const states = SIGNING_KEY_STATES.map((state) => `'${state}'`).join(', ');

@Entity('signing_keys')
@Index('signing_keys_current_key', ['state'], { unique: true, where: `"state" = 'CURRENT'` })
@Index('signing_keys_next_key', ['state'], { unique: true, where: `"state" = 'NEXT'` })
@Check('signing_keys_state_check', `"state" IN (${states})`)
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

  /** When it ceased to sign, or was revoked. */
  @Column('timestamp with time zone', { name: 'retired_at', precision: 3, nullable: true })
  retiredAt!: Date | null;
}

/** One row. Its number moves with every change of the signing keys; the viewer's read brings it to every node. */
@Entity('signing_key_epoch')
@Check('signing_key_epoch_only_check', '"only"')
export class SigningKeyEpochEntity {
  @PrimaryColumn('boolean', { default: true, primaryKeyConstraintName: 'signing_key_epoch_pkey' })
  only!: boolean;

  @Column('integer')
  epoch!: number;
}
