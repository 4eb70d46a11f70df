-- The mail server that an administrator named on the page; the environment's wins over it.

create table mail_server (
    is_only            boolean primary key default true check (is_only),
    host               text not null check (length(host) between 1 and 255),
    port               int not null check (port between 1 and 65535),
    encryption         text not null check (encryption in ('starttls', 'tls', 'none')),
    user_name          text,
    password_encrypted text,
    sender             text not null,
    changed_at         timestamptz not null default now()
);

comment on table mail_server is 'The mail server that notifications go through where the environment names none: one row, or none.';
comment on column mail_server.encryption is 'starttls, tls from the first byte, or none.';
comment on column mail_server.user_name is 'Who signs in there; null: nobody.';
comment on column mail_server.sender is 'The address that mail comes from.';
