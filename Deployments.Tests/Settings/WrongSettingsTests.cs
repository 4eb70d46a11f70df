using System.Reflection;
using Deployments.Tests.Support;
using Deployments.Web;
using Deployments.Web.Embedded;
using Deployments.Web.Settings;
using Microsoft.Extensions.Configuration;

namespace Deployments.Tests.Settings;

/// <summary>Every setting that there is: empty, of another kind, out of range. The program says so, and ends.</summary>
public sealed class WrongSettingsTests : IDisposable
{
    static readonly string Long = new('x', 201);

    // By the name of the setting; whoever adds one adds what it must not be.
    static readonly Dictionary<string, string[]> Wrong = new(StringComparer.Ordinal)
    {
        ["DataDirectory"] = ["/dev/null/data", "/proc/data"],
        ["PackagesDirectory"] = ["/dev/null/packages", "/proc/packages"],
        ["KeyFile"] = ["/nowhere/keys", "/etc/hostname", "/"],
        ["StandbyHosts"] = [",", "db1,,db2", "db 1", "db1;Password=x", "https://db1/"],
        ["PostgresBin"] = ["/nowhere", "/etc/hostname"],
        ["AnonymousView"] = ["maybe", "1", "yes"],
        ["ViewersSeeAddresses"] = ["maybe", "1"],
        ["TlsCertificate"] = ["/nowhere/tls.crt", "/etc/hostname", "/"],
        ["TlsKey"] = ["/nowhere/tls.key", "/etc/hostname"],
        ["AnonymousMetrics"] = ["maybe", "2"],
        ["MetricsKey"] = ["short", "with a blank", "with:colon", Long],
        ["LedgerAnchorFile"] = ["anchors.jsonl", "/nowhere/anchors.jsonl", "/"],
        ["LedgerAnchorWebhook"] = ["here", "ftp://x/", "https://a:b@x/"],
        ["ConnectorsMayReachPrivateNetworks"] = ["maybe", "0"],
        ["ConnectorCacheBytesMax"] = ["10 GB", "-1", "1.5", "9223372036854775807", "99999999999999999999"],
        ["UploadBytesMax"] = ["4 GB", "0", "-1", "9223372036854775807", "99999999999999999999"],
        ["PublicUrl"] =
            ["here", "ftp://x/", "//x", "/x", "https://x/?a=b", "https://x/#a", "https://a:b@x/", "http://"],
        ["KnownProxies"] = ["proxy.example.com", "1", "10.0.0.0/33", "10.0.0.1/8;x"],
        ["Smtp:Host"] = ["http://mail.example.com", "mail example", "mail:25"],
        ["Smtp:Port"] = ["x", "0", "-1", "65536", "99999999999", "25.5"],
        ["Smtp:Encryption"] = ["x", "ssl", "TLS 1.2"],
        ["Smtp:UserName"] = [],
        ["Smtp:Password"] = [],
        ["Smtp:From"] = ["x", "a@", "@b", "Name <a@b.example>", "a@b.example, c@d.example"],
        ["Oidc:corp:Authority"] =
        [
            "here", "ftp://x/", "http://idp.example.com/", "https://x/?a=b", "https://x/#a", "https://a:b@x/",
            "file:///etc/passwd",
        ],
        ["Oidc:corp:ClientId"] = [],
        ["Oidc:corp:ClientSecret"] = [],
        ["Oidc:corp:Title"] = [],
        ["Oidc:corp:Scopes"] = ["profile", "openid,profile"],
        ["Oidc:corp:NameClaim"] = [],
        ["Oidc:corp:RolesClaim"] = [],
        ["Oidc:corp:AdministratorRoles"] = ["*", "admins; *", ";", " ; "],
        ["Oidc:corp:PublisherRoles"] = [";"],
        ["Oidc:corp:ViewerRoles"] = ["; ;"],
        ["Oidc:corp:Accounts"] = ["x", "made", "Invited"],
        ["Ldap:Servers"] =
        [
            "dc1.example.com", "ldap://dc1.example.com", "ldaps://dc1.example.com, ldap://dc2.example.com",
            "ldaps://", "ldaps://a:b@dc1.example.com", "ldaps://dc1.example.com/dc=com", "https://dc1.example.com", ",",
        ],
        ["Ldap:StartTls"] = ["maybe", "1"],
        ["Ldap:CaFile"] = ["/nowhere/ca.crt", "/etc/hostname", "/"],
        ["Ldap:BindDn"] = [],
        ["Ldap:BindPassword"] = [],
        ["Ldap:UserDn"] = ["uid=name,dc=example"],
        ["Ldap:SearchBase"] = [],
        ["Ldap:UserFilter"] = ["uid={0}", "(uid=name)", "((uid={0})"],
        ["Ldap:NameAttribute"] = ["uid)(x=*", "a b"],
        ["Ldap:GroupBase"] = [],
        ["Ldap:Groups"] = ["x", "Walk"],
        ["Ldap:AdministratorRoles"] = ["*", ";", "cn=a; *"],
        ["Ldap:PublisherRoles"] = [";"],
        ["Ldap:ViewerRoles"] = ["; ;"],
        ["Bootstrap:AdminPassword"] = ["geheim", Long],
        ["Bootstrap:ApiKey"] = ["short", "with a blank", "with:colon", "with-ümlaut", Long],
    };

    readonly string directory = Directory.CreateTempSubdirectory("deployments-test-").FullName;

    public static TheoryData<string> Names => new(Settings());

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_setting_that_is_wrong_is_told_with_its_variable_its_value_and_what_is_allowed(string name)
    {
        foreach (var value in Wrong[name].Append("").Append(" "))
            await RefusesAsync($"Deployments:{name}={value}", SettingsCheck.Variable(name), value);
    }

    [Theory]
    [InlineData("urls", "ASPNETCORE_URLS", "", "here", "ftp://x", "http://x:99999", "http://x/base", "http://a;b")]
    [InlineData("ConnectionStrings:Deployments", "ConnectionStrings__Deployments", "", " ")]
    [InlineData("Logging:LogLevel:Default", "Logging__LogLevel__Default", "", "loud", "7", "-1")]
    [InlineData("Logging:Console:LogLevel:Default", "Logging__Console__LogLevel__Default", "", "loud")]
    [InlineData("Logging:Console:FormatterName", "Logging__Console__FormatterName", "", "xml")]
    public async Task So_is_one_of_the_frameworks(string key, string variable, params string[] values)
    {
        foreach (var value in values)
            await RefusesAsync($"{key}={value}", variable, value.Split(';')[^1]);
    }

    [Theory]
    [InlineData("Oidc:ldap")]
    [InlineData("Oidc:with_line")]
    [InlineData("Oidc:-x")]
    [InlineData("Oidc:callback")]
    public async Task A_name_that_a_provider_cannot_have_is_told(string name)
    {
        var refusal = await Assert.ThrowsAsync<CannotStartException>(() => BuildAsync(
            $"Deployments:{name}:Authority=https://idp.example.com/", $"Deployments:{name}:ClientId=x"));
        Assert.StartsWith($"{SettingsCheck.Variable(name)} is '{name[5..]}'; a provider's name has ", refusal.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("Host=x;Port=abc")]
    [InlineData("Host=x;Port=99999")]
    [InlineData("Host=x;Timeout=-5")]
    [InlineData("Host=x;Password=geheim;SSL Mode=some")]
    [InlineData("Host=x;Password=geheim;Colour=red")]
    [InlineData("Host=127.0.0.1;Port=1;Password=geheim;Timeout=2")]
    public async Task A_connection_string_that_is_wrong_is_told_without_its_password(string value)
    {
        var message = (await Assert.ThrowsAsync<CannotStartException>(
            () => BuildAsync($"ConnectionStrings:Deployments={value}"))).Message;
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain("geheim", message, StringComparison.Ordinal);
        Assert.Matches(
            "^(ConnectionStrings__Deployments is no connection string|The database cannot be used)", message);
    }

    [Theory]
    [InlineData("http://192.0.2.1:80")] // no address of this machine
    [InlineData("https://127.0.0.1:0")] // no certificate
    public async Task Where_the_program_cannot_listen_it_says_so(string url)
    {
        await using var database = await TestDatabase.CreateStartedAsync();
        var (exitCode, _, errors) = await ServerProcess.RunToEndAsync(
            null, "--ConnectionStrings:Deployments=" + database.ConnectionString, "--urls=" + url);
        Assert.Equal(1, exitCode);
        Assert.Contains("The program cannot listen where it should: ", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_setting_is_in_the_list_above_and_on_the_page_of_the_system()
    {
        Assert.Equal(Settings().Order(StringComparer.Ordinal), Wrong.Keys.Order(StringComparer.Ordinal));
        var settings = new DeploymentsSettings
        {
            DataDirectory = "/",
            PackagesDirectory = "/",
            Oidc = { ["corp"] = new OidcSettings() },
        };
        var shown = SettingsInForce.Read(new ConfigurationBuilder().Build(), settings, "http://x").All;
        Assert.Empty(Settings().Select(SettingsCheck.Variable).Except(shown.Select(setting => setting.Name)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_name_that_lacks_a_letter_is_warned_of_with_the_one_that_was_meant(string name)
    {
        var mistyped = name[..^2] + name[^1];
        var warning = Assert.Single(SettingsCheck.Unknown(new ConfigurationBuilder()
            .AddInMemoryCollection([KeyValuePair.Create<string, string?>($"Deployments:{mistyped}", "x")]).Build()));
        Assert.Equal($"There is no setting {SettingsCheck.Variable(mistyped)}; did you mean "
            + $"{SettingsCheck.Variable(name)}?", warning);
    }

    async Task RefusesAsync(string setting, string variable, string value)
    {
        var refusal = await Assert.ThrowsAsync<CannotStartException>(() => BuildAsync(setting));
        var isSecret = variable.EndsWith("Password", StringComparison.Ordinal)
            || variable.EndsWith("ApiKey", StringComparison.Ordinal)
            || variable.EndsWith("MetricsKey", StringComparison.Ordinal)
            || variable.EndsWith("ClientSecret", StringComparison.Ordinal);
        var shown = value.Trim().Length == 0 ? "empty" : isSecret ? "set, but not as it must be" : $"'{value}'";
        Assert.StartsWith($"{variable} is {shown}; ", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.EndsWith(".", refusal.Message, StringComparison.Ordinal);
    }

    // A database is named where the setting is not one of the private PostgreSQL: none is to be made.
    async Task BuildAsync(params string[] settings)
    {
        string[] database = settings[0].Contains("PostgresBin", StringComparison.Ordinal)
            ? []
            : ["--ConnectionStrings:Deployments=Host=/nowhere"];
        await using var app = await Program.BuildAsync(
            [
                $"--Deployments:DataDirectory={directory}", "--Deployments:Smtp:From=a@b.example",
                "--Deployments:Oidc:corp:Authority=https://idp.example.com/",
                "--Deployments:Oidc:corp:ClientId=x",
                "--Deployments:Ldap:Servers=ldaps://dc1.example.com", "--Deployments:Ldap:SearchBase=dc=example",
                "--Deployments:Ldap:BindDn=cn=x", "--Deployments:Ldap:BindPassword=x",
                "--Deployments:Ldap:ViewerRoles=*",
                "--Logging:LogLevel:Default=None", .. database,
                .. settings.Select(setting => $"--{setting}"),
            ]);
    }

    // One of each of which there can be several.
    static IEnumerable<string> Settings() => typeof(DeploymentsSettings)
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .SelectMany(property => SettingsCheck.NamedTypeOrNull(property.PropertyType) is { } named
            ? Inner($"{property.Name}:corp", named)
            : property.PropertyType.Namespace == typeof(DeploymentsSettings).Namespace
                ? Inner(property.Name, property.PropertyType)
                : [property.Name]);

    static IEnumerable<string> Inner(string name, Type section) =>
        section.GetProperties().Where(inner => inner.CanWrite).Select(inner => $"{name}:{inner.Name}");
}
