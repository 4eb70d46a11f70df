using FluentValidation;

namespace Deployments.Web.Settings;

/// <summary>The section <c>Deployments</c> of the configuration (environment: <c>Deployments__Name</c>).</summary>
public sealed record DeploymentsSettings
{
    /// <summary>
    /// Where local state is kept: journal, packages, the private PostgreSQL. Null: the platform's own place.
    /// </summary>
    public string? DataDirectory { get; init; }

    /// <summary>
    /// Where packages of local feeds are kept; null: below the data directory. Several nodes share one.
    /// </summary>
    public string? PackagesDirectory { get; init; }

    /// <summary>
    /// A file whose keys encrypt the key ring in the database, one in Base64 on each line, the first for new ones;
    /// several nodes share it. Null: one in the data directory, which is made beside a private PostgreSQL only.
    /// </summary>
    public string? KeyFile { get; init; }

    /// <summary>
    /// Standbys of the database that pages, the API and exports read from, such as <c>10.0.0.12, 10.0.0.13:5433</c>;
    /// everything else is as its connection string says. Null: everything is read from the primary.
    /// </summary>
    public string? StandbyHosts { get; init; }

    /// <summary>The folder of PostgreSQL's server programs; null: looked for.</summary>
    public string? PostgresBin { get; init; }

    /// <summary>
    /// Whether visitors without an account may read pages and the read API, as far as feeds are open to them.
    /// </summary>
    public bool AnonymousView { get; init; }

    /// <summary>Whether all who see a record see the network address it came from; else administrators alone.</summary>
    public bool ViewersSeeAddresses { get; init; }

    /// <summary>
    /// A file with the certificate for <c>https</c> addresses in PEM, its chain behind it; it may be replaced while the
    /// program runs. Null: none, or as Kestrel's own settings say.
    /// </summary>
    public string? TlsCertificate { get; init; }

    /// <summary>A file with its key in PEM, without a password; null: it is in the same file.</summary>
    public string? TlsKey { get; init; }

    /// <summary>Whether everybody who reaches this server may read <c>/metrics</c>.</summary>
    public bool AnonymousMetrics { get; init; }

    /// <summary>
    /// A key, sent as <c>Authorization: Bearer</c>, with which <c>/metrics</c> may be read and nothing else be done;
    /// null: there is none, and administrators read it.
    /// </summary>
    public string? MetricsKey { get; init; }

    /// <summary>
    /// A file that what the ledger is, is appended to each hour: best where who administers the database cannot write.
    /// Null: none.
    /// </summary>
    public string? LedgerAnchorFile { get; init; }

    /// <summary>An http or https address that it is sent to each hour; null: none.</summary>
    public Uri? LedgerAnchorWebhook { get; init; }

    /// <summary>
    /// Whether connectors may reach loopback and private addresses. Link-local addresses are always refused.
    /// </summary>
    public bool ConnectorsMayReachPrivateNetworks { get; init; } = true;

    /// <summary>
    /// How many bytes of package files that connectors have fetched are kept on this node's disk, and a tenth of it
    /// on top for what they say about packages; 0: none.
    /// </summary>
    public long ConnectorCacheBytesMax { get; init; } = 10L << 30;

    /// <summary>The largest package that may be uploaded, in bytes.</summary>
    public long UploadBytesMax { get; init; } = 4L << 30;

    /// <summary>
    /// Where people and clients reach this server, such as <c>https://deployments.example.com/</c>: what every address
    /// that it tells begins with. Null: links in notifications are left out, and elsewhere the request's host is taken.
    /// </summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>
    /// Proxies in front of this server, whose <c>X-Forwarded-*</c> headers count: addresses and networks, such as
    /// <c>10.0.0.5, 10.1.0.0/16</c>; null: there are none.
    /// </summary>
    public string? KnownProxies { get; init; }

    /// <summary>The mail server that notifications go through.</summary>
    public SmtpSettings Smtp { get; init; } = new();

    /// <summary>OpenID Connect providers that people may sign in through, by their names.</summary>
    public Dictionary<string, OidcSettings> Oidc { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A directory whose people sign in with their password there.</summary>
    public LdapSettings Ldap { get; init; } = new();

    /// <summary>Credentials for the first start.</summary>
    public BootstrapSettings Bootstrap { get; init; } = new();
}

/// <summary>The mail server that notifications go through.</summary>
public sealed record SmtpSettings
{
    /// <summary>Its name or address; null: no mail is sent.</summary>
    public string? Host { get; init; }

    /// <summary>Its port.</summary>
    public int Port { get; init; } = 587;

    /// <summary>
    /// How the connection is encrypted: <c>starttls</c>, <c>tls</c> from the first byte, or <c>none</c>.
    /// </summary>
    public string Encryption { get; init; } = "starttls";

    /// <summary>Who signs in there; null: nobody.</summary>
    public string? UserName { get; init; }

    /// <summary>The password of that.</summary>
    public string? Password { get; init; }

    /// <summary>The sender's address.</summary>
    public string? From { get; init; }
}

/// <summary>Credentials that are made at the first start.</summary>
public sealed record BootstrapSettings
{
    /// <summary>Password of the user <c>Admin</c>; null: one is made up and printed once.</summary>
    public string? AdminPassword { get; init; }

    /// <summary>A first API key that may do everything; used only while no key exists. Null: none is made.</summary>
    public string? ApiKey { get; init; }
}

/// <summary>Refuses settings with which the program could not work as promised.</summary>
public sealed class DeploymentsSettingsValidator : AbstractValidator<DeploymentsSettings>
{
    const long BytesMax = 1L << 50; // more than any disk has; a sum of some is a number still

    /// <summary>The rules.</summary>
    public DeploymentsSettingsValidator()
    {
        RuleFor(settings => settings.UploadBytesMax).InclusiveBetween(1, BytesMax)
            .WithMessage(settings => SettingsCheck.Sentence("UploadBytesMax", $"{settings.UploadBytesMax}",
                $"it must be a number of bytes, from 1 to {BytesMax}"));
        RuleFor(settings => settings.ConnectorCacheBytesMax).InclusiveBetween(0, BytesMax)
            .WithMessage(settings => SettingsCheck.Sentence(
                "ConnectorCacheBytesMax", $"{settings.ConnectorCacheBytesMax}",
                $"it must be a number of bytes, from 0 for no cache to {BytesMax}"));
        RuleFor(settings => settings.PublicUrl).Must(url => url is null || CanBeginAddresses(url))
            .WithMessage(settings => SettingsCheck.Sentence(
                "PublicUrl", $"{settings.PublicUrl}", "it must be an http or https address"));
        RuleFor(settings => settings.LedgerAnchorWebhook)
            .Must(url => url is null || url.Scheme is "http" or "https" && url.UserInfo.Length == 0)
            .WithMessage(settings => SettingsCheck.Sentence(
                "LedgerAnchorWebhook", $"{settings.LedgerAnchorWebhook}",
                "it must be an http or https address without a user name"));
        RuleFor(settings => settings.LedgerAnchorFile).Must(path => path is null || IsPlaceOfFile(path))
            .WithMessage(settings => SettingsCheck.Sentence(
                "LedgerAnchorFile", settings.LedgerAnchorFile,
                "it must be the whole path of a file, in a directory that there is"));
        RuleFor(settings => settings.StandbyHosts).Must(hosts => hosts is null || AreHosts(hosts))
            .WithMessage(settings => SettingsCheck.Sentence("StandbyHosts", settings.StandbyHosts,
                "it must be hosts such as 10.0.0.12, 10.0.0.13:5433"));
        AddRulesForMail();
        RuleForEach(settings => settings.Oidc).SetValidator(new OidcSettingsValidator());
        RuleFor(settings => settings.Ldap).SetValidator(new LdapSettingsValidator());
    }

    // Also while no host is set: what is wrong would be found on the day when one is.
    void AddRulesForMail()
    {
        RuleFor(settings => settings.Smtp.Host)
            .Must(host => host is null || Uri.CheckHostName(host) != UriHostNameType.Unknown)
            .WithMessage(settings => SettingsCheck.Sentence(
                "Smtp:Host", settings.Smtp.Host, "it must be a name or an address such as mail.example.com"));
        RuleFor(settings => settings.Smtp.Port).InclusiveBetween(1, 65535)
            .WithMessage(settings => SettingsCheck.Sentence(
                "Smtp:Port", $"{settings.Smtp.Port}", "it must be a number from 1 to 65535"));
        RuleFor(settings => settings.Smtp.Encryption).Must(word => word is "starttls" or "tls" or "none")
            .WithMessage(settings => SettingsCheck.Sentence(
                "Smtp:Encryption", settings.Smtp.Encryption, "it must be starttls, tls or none"));
        RuleFor(settings => settings.Smtp.From).Must(MailAddresses.IsAddress)
            .When(settings => settings.Smtp.Host is not null || settings.Smtp.From is not null)
            .WithMessage(settings => SettingsCheck.Sentence(
                "Smtp:From", settings.Smtp.From, "it must be a mail address"));
    }

    // A folder is the place of a socket.
    static bool AreHosts(string hosts) => hosts.Split(',').All(host =>
        host.Trim() is { Length: > 0 } name && (name[0] == '/' || name.All(IsOfHost)));

    static bool IsOfHost(char letter) =>
        char.IsLetterOrDigit(letter) || letter is '.' or ':' or '-' or '_' or '[' or ']';

    static bool IsPlaceOfFile(string path) =>
        Path.IsPathFullyQualified(path) && !Directory.Exists(path) && Directory.Exists(Path.GetDirectoryName(path));

    // What follows is put behind its path.
    static bool CanBeginAddresses(Uri url) =>
        url.IsAbsoluteUri && url.Scheme is "http" or "https"
        && url.Query.Length == 0 && url.Fragment.Length == 0 && url.UserInfo.Length == 0;
}
