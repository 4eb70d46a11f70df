-- People who sign in through somebody else: an identity provider or a directory says who they are.

create table account_identities (
    account_identity_id int generated always as identity primary key,
    account_id          int not null references accounts,
    issuer              text not null check (length(issuer) between 1 and 300),
    subject             text not null check (length(subject) between 1 and 255),
    provider            text not null check (length(provider) between 1 and 100),
    created_at          timestamptz not null default now(),
    last_used_at        timestamptz
);

comment on table account_identities is 'As whom an identity provider or a directory knows the person of an account. A name or an address, which somebody could choose there, is never compared.';
comment on column account_identities.issuer is 'Who says it: the issuer of ID tokens as they name it, or the directory as the settings name it.';
comment on column account_identities.subject is 'What the issuer never gives to another person.';
comment on column account_identities.provider is 'What the settings called it when it was bound, for people.';

create unique index account_identities_by_subject on account_identities (issuer, subject);
create index account_identities_by_account on account_identities (account_id);

create table account_invitations (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    account_id int not null references accounts,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at    timestamptz
);

comment on table account_invitations is 'Links with which somebody binds an identity to an account that an administrator made for them. The link itself is shown once, and is not kept.';
comment on column account_invitations.token_hash is 'SHA-256 of 256 random bits.';
comment on column account_invitations.used_at is 'A link counts once; null: it was not used yet.';

create index account_invitations_by_account on account_invitations (account_id);

comment on table accounts is 'People who sign in: with a name and a password, through an identity provider, or with their password of a directory. Never removed, only made inactive: the audit log names them.';
comment on column accounts.password_hash is 'Salted and stretched, in the format of ASP.NET Core''s PasswordHasher. Empty: the person has no password here.';
