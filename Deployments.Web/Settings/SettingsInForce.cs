using System.Data.Common;
using System.Globalization;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace Deployments.Web.Settings;

/// <summary>A setting as it is in force, for administrators. Never a secret.</summary>
/// <param name="Name">As an environment variable is called.</param>
/// <param name="Meaning">What it decides, in a few words.</param>
/// <param name="Value">Its value; of a secret only whether it is set.</param>
/// <param name="Origin">Where it came from: <c>default</c>, <c>environment</c>, <c>command line</c> or a file.</param>
public sealed record SettingInForce(string Name, string Meaning, string Value, string Origin);

/// <summary>Every setting with its value and where it came from.</summary>
/// <param name="All">In the order of the README.</param>
public sealed record SettingsInForce(IReadOnlyList<SettingInForce> All)
{
    const string Private = "a private PostgreSQL in the data directory";

    // What of a connection string may be shown; everything else is named and hidden.
    static readonly string[] HarmlessWords =
    [
        "host", "server", "port", "database", "username", "user id", "userid", "ssl mode", "sslmode", "timeout",
        "command timeout", "minimum pool size", "maximum pool size", "pooling", "keepalive",
        "target session attributes", "load balance hosts", "host recheck seconds", "search path", "application name",
        "max auto prepare", "auto prepare min usages",
    ];

    /// <summary>Reads them at the start.</summary>
    /// <param name="configuration">Where values come from.</param>
    /// <param name="settings">The settings with their defaults filled in.</param>
    /// <param name="defaultUrl">Where the program listens when nothing says so.</param>
    public static SettingsInForce Read(
        IConfiguration configuration, DeploymentsSettings settings, string defaultUrl)
    {
        SettingInForce Setting(string key, string name, string meaning, Func<string?, string> show)
        {
            var value = configuration[key];
            return new(name, meaning, show(value), OriginOf(configuration, key) ?? "default");
        }

        SettingInForce Own(string name, string meaning, string value) =>
            Setting("Deployments:" + name, "Deployments__" + name.Replace(":", "__", StringComparison.Ordinal),
                meaning, _ => value);

        return new SettingsInForce(
        [
            Setting("urls", "ASPNETCORE_URLS", "Where the program listens",
                value => string.IsNullOrEmpty(value) ? defaultUrl : value),
            Setting("ConnectionStrings:Deployments", "ConnectionStrings__Deployments", "The database",
                value => string.IsNullOrWhiteSpace(value) ? Private : WithoutSecrets(value)),
            Own("DataDirectory", "Journal, private PostgreSQL, packages", settings.DataDirectory!),
            Own("PackagesDirectory", "Packages of local feeds", settings.PackagesDirectory!),
            Own("KeyFile", "Encrypts the keys in the database", settings.KeyFile ?? "in the data directory, if made"),
            Own("StandbyHosts", "Standbys that pages, the API and exports read from", settings.StandbyHosts ?? "none"),
            Own("PostgresBin", "PostgreSQL's server programs", settings.PostgresBin ?? "looked for"),
            Own("AnonymousView", "Visitors without an account may read", YesNo(settings.AnonymousView)),
            Own("ViewersSeeAddresses", "Not only administrators see where records came from",
                YesNo(settings.ViewersSeeAddresses)),
            Own("TlsCertificate", "The certificate of https addresses", settings.TlsCertificate ?? "not set"),
            Own("TlsKey", "Its key", settings.TlsKey ?? "in the same file, if set"),
            Own("AnonymousMetrics", "Everybody may read /metrics", YesNo(settings.AnonymousMetrics)),
            Own("MetricsKey", "A key that reads /metrics and nothing else", Secret(settings.MetricsKey)),
            Own("LedgerAnchorFile", "A file that what the ledger is, is appended to each hour",
                settings.LedgerAnchorFile ?? "not set"),
            Own("LedgerAnchorWebhook", "Where it is sent each hour",
                settings.LedgerAnchorWebhook?.GetLeftPart(UriPartial.Path) ?? "not set"),
            Own("ConnectorsMayReachPrivateNetworks", "Connectors may reach private addresses",
                YesNo(settings.ConnectorsMayReachPrivateNetworks)),
            Own("UploadBytesMax", "The largest package that may be uploaded, in bytes",
                settings.UploadBytesMax.ToString("N0", CultureInfo.InvariantCulture)),
            Own("ConnectorCacheBytesMax", "Package files kept from connectors on each node, in bytes",
                settings.ConnectorCacheBytesMax.ToString("N0", CultureInfo.InvariantCulture)),
            Own("PublicUrl", "Where people and clients reach this server: every address it tells",
                settings.PublicUrl?.AbsoluteUri ?? "not set"),
            Own("KnownProxies", "Proxies whose X-Forwarded headers count", settings.KnownProxies ?? "none"),
            Own("Smtp:Host", "The mail server for notifications, instead of one named on its page",
                settings.Smtp.Host ?? "not set"),
            Own("Smtp:Port", "Its port", settings.Smtp.Port.ToString(CultureInfo.InvariantCulture)),
            Own("Smtp:Encryption", "How it is encrypted: starttls, tls or none", settings.Smtp.Encryption),
            Own("Smtp:UserName", "Who signs in there", settings.Smtp.UserName ?? "nobody"),
            Own("Smtp:Password", "The password of that", Secret(settings.Smtp.Password)),
            Own("Smtp:From", "The sender of notifications", settings.Smtp.From ?? "not set"),
            .. settings.Oidc.OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .SelectMany(pair => OfProvider(pair.Key, pair.Value, Own)),
            .. OfDirectory(settings.Ldap, Own),
            Own("Bootstrap:AdminPassword", "Admin's password at the first start",
                Secret(settings.Bootstrap.AdminPassword)),
            Own("Bootstrap:ApiKey", "An API key made at the first start", Secret(settings.Bootstrap.ApiKey)),
        ]);
    }

    static IEnumerable<SettingInForce> OfProvider(
        string name, OidcSettings provider, Func<string, string, string, SettingInForce> own) =>
    [
        own($"Oidc:{name}:Authority", "An OpenID Connect provider that people sign in through",
            $"{provider.Authority}"),
        own($"Oidc:{name}:ClientId", "What it calls this server", provider.ClientId ?? "not set"),
        own($"Oidc:{name}:ClientSecret", "The secret of that", Secret(provider.ClientSecret)),
        own($"Oidc:{name}:Title", "What the sign-in page calls it", provider.Title ?? name),
        own($"Oidc:{name}:Scopes", "What is asked for", provider.Scopes),
        own($"Oidc:{name}:NameClaim", "What new accounts are called by", provider.NameClaim),
        own($"Oidc:{name}:RolesClaim", "What has groups or roles", provider.RolesClaim),
        own($"Oidc:{name}:AdministratorRoles", "Who is an administrator", provider.AdministratorRoles ?? "not set"),
        own($"Oidc:{name}:PublisherRoles", "Who is a publisher", provider.PublisherRoles ?? "not set"),
        own($"Oidc:{name}:ViewerRoles", "Who is a viewer", provider.ViewerRoles ?? "not set"),
        own($"Oidc:{name}:Accounts", "Who has an account: invited people, or whoever has a role", provider.Accounts),
    ];

    static IEnumerable<SettingInForce> OfDirectory(
        LdapSettings ldap, Func<string, string, string, SettingInForce> own) =>
    [
        own("Ldap:Servers", "A directory whose people sign in with their password there", ldap.Servers ?? "none"),
        own("Ldap:StartTls", "ldap:// connections are encrypted by StartTLS", YesNo(ldap.StartTls)),
        own("Ldap:CaFile", "Who signs its certificates", ldap.CaFile ?? "whom the system trusts"),
        own("Ldap:BindDn", "Who looks for people there", ldap.BindDn ?? "nobody"),
        own("Ldap:BindPassword", "The password of that", Secret(ldap.BindPassword)),
        own("Ldap:UserDn", "As whom people sign in there", ldap.UserDn ?? "as they are found"),
        own("Ldap:SearchBase", "Below what people are", ldap.SearchBase ?? "not set"),
        own("Ldap:UserFilter", "What finds them", ldap.UserFilter),
        own("Ldap:NameAttribute", "What new accounts are called by", ldap.NameAttribute),
        own("Ldap:GroupBase", "Below what groups are", ldap.GroupBase ?? "where people are"),
        own("Ldap:Groups", "How groups within groups are found", ldap.Groups),
        own("Ldap:AdministratorRoles", "Groups of administrators", ldap.AdministratorRoles ?? "not set"),
        own("Ldap:PublisherRoles", "Groups of publishers", ldap.PublisherRoles ?? "not set"),
        own("Ldap:ViewerRoles", "Groups of viewers", ldap.ViewerRoles ?? "not set"),
    ];

    static string YesNo(bool value) => value ? "true" : "false";

    static string Secret(string? value) => string.IsNullOrEmpty(value) ? "not set" : "set, not shown";

    /// <summary>A connection string with the values of everything but the harmless words hidden.</summary>
    internal static string WithoutSecrets(string connectionString)
    {
        try
        {
            var words = new DbConnectionStringBuilder { ConnectionString = connectionString };
            return string.Join("; ", words.Cast<KeyValuePair<string, object>>().Select(word =>
                HarmlessWords.Contains(word.Key, StringComparer.OrdinalIgnoreCase)
                    ? $"{word.Key}={word.Value}"
                    : $"{word.Key}=(not shown)"));
        }
        catch (ArgumentException)
        {
            return "(not shown)";
        }
    }

    static string? OriginOf(IConfiguration configuration, string key) =>
        configuration is not IConfigurationRoot root
            ? null
            : root.Providers.Reverse().Select(provider => OriginOf(provider, key)).FirstOrDefault(o => o is not null);

    static string? OriginOf(IConfigurationProvider provider, string key)
    {
        if (provider is ChainedConfigurationProvider chained)
            return OriginOf(chained.Configuration, key);
        if (!provider.TryGet(key, out _))
            return null;
        if (SecretFiles.PathOrNull(provider, key) is { } path)
            return $"the file {path}";
        return provider switch
        {
            CommandLineConfigurationProvider => "command line",
            EnvironmentVariablesConfigurationProvider => "environment",
            FileConfigurationProvider { Source.Path: { } file } => file,
            _ => "program",
        };
    }
}
