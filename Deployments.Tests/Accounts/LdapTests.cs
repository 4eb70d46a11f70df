using System.DirectoryServices.Protocols;
using System.Net;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Tests.Api;
using Deployments.Tests.Groups;
using Deployments.Tests.Support;
using Deployments.Web.Accounts;
using Deployments.Web.Ldap;

namespace Deployments.Tests.Accounts;

/// <summary>Signing in with the password of a real directory, on pages and as package clients do.</summary>
public sealed class LdapTests(LdapTests.Running running) : IClassFixture<LdapTests.Running>
{
    const string Feeds = "/api/management/feeds/list"; // administrators
    const string Records = "/api/package-deployments"; // viewers

    static readonly Actor Test = new("test", null);

    [Theory]
    [InlineData("ida", "Administrator")] // in a group of a group of the administrators' group
    [InlineData("hal", "Publisher")]
    [InlineData("eve", "Viewer")] // in a circle of groups
    public async Task A_person_signs_in_with_the_role_of_the_highest_group(string name, string role)
    {
        using var browser = await Browser.SignedInAsync(running.App, name, name + "'s password");
        Assert.Contains(name, await browser.ReadAsync("/account"), StringComparison.Ordinal);
        var account = (await running.App.Service<AccountQueries>().ByNameOrNullAsync(name, default))!;
        Assert.Equal((role, false), (account.Role.ToString(), account.HasPassword));
        var log = await running.App.Service<AuditQueries>().PageAsync(
            new AuditFilter(null, null) { Subject = name }, null, 9, default);
        Assert.Equal(["account.signIn", "account.link", "account.create"], log.Select(happened => happened.Action));
        Assert.DoesNotContain("password", string.Concat(log.Select(happened => happened.After)),
            StringComparison.OrdinalIgnoreCase);

        using var signedOut = await browser.PostAsync("/account", "/sign-out");
        Assert.Equal("/", signedOut.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("ann", "wrong")]
    [InlineData("ann", "")]
    [InlineData("ann", " ")]
    [InlineData("ann", "\0")]
    [InlineData("ann", "\0ann's password")]
    [InlineData("ann", "ANN'S PASSWORD")]
    [InlineData("*", "ann's password")]
    [InlineData("a*", "ann's password")]
    [InlineData("ann)(uid=*", "ann's password")]
    [InlineData("*)(|(uid=ann", "ann's password")]
    [InlineData("a\\6en", "ann's password")]
    [InlineData("ann\0", "ann's password")]
    [InlineData("uid=ann,ou=people,dc=example,dc=com", "ann's password")]
    [InlineData("twin", "twin's password")] // two people have the name
    [InlineData("dan", "dan's password")] // in no group that may sign in
    [InlineData("nobody", "x")]
    [InlineData("reader", Slapd.ServicePassword)] // no person
    public async Task Who_is_not_who_they_say_is_refused(string name, string password)
    {
        foreach (var app in new[] { running.App, running.Direct })
        {
            var (status, _) = await app.Client.AskAsync("GET", Records, null,
                ("Authorization", CallerResolverTests.Basic(name, password)));
            Assert.Equal(HttpStatusCode.Forbidden, status);
            using var browser = new Browser(app.Url);
            using var answer = await browser.PostAsync("/sign-in", "/sign-in", ("name", name), ("password", password));
            Assert.Null(answer.Headers.Location);
            (await Browser.SignedInAsync(app, "ann", "ann's password")).Dispose(); // who is let in, and counted anew
        }

        Assert.Null(await running.App.Service<AccountQueries>().ByNameOrNullAsync("dan", default));
    }

    // What makes the refusals of empty passwords mean something: the directory itself lets one in without.
    [Fact]
    public void The_directory_of_these_tests_answers_a_bind_without_a_password_with_success()
    {
        using var connection = new LdapConnection(
            new LdapDirectoryIdentifier("127.0.0.1", running.Directory.TlsPort));
        connection.AuthType = AuthType.Basic;
        connection.SessionOptions.ProtocolVersion = 3;
        connection.SessionOptions.SecureSocketLayer = true;
        connection.Bind(new NetworkCredential($"uid=ann,ou=people,{Slapd.Base}", ""));
        var refusal = Assert.Throws<LdapException>(() =>
            connection.Bind(new NetworkCredential($"uid=ann,ou=people,{Slapd.Base}", "wrong")));
        Assert.Equal(49, refusal.ErrorCode);
    }

    [Fact]
    public async Task Package_clients_use_it_and_it_is_remembered_until_the_account_changes()
    {
        var basic = ("Authorization", CallerResolverTests.Basic("BOB", "bob's password"));
        async Task<HttpStatusCode> AskAsync() =>
            (await running.App.Client.AskAsync("GET", Records, null, basic)).Status;
        // The first makes the account; what is checked while accounts change is not remembered.
        for (var i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.OK, await AskAsync());
        await running.Directory.StopAsync();
        try
        {
            Assert.Equal(HttpStatusCode.OK, await AskAsync());
            await running.App.Service<Credentials>().RefreshAsync(default);
            Assert.Equal(HttpStatusCode.OK, await AskAsync());

            // Others cannot be checked now; and a person of this server can.
            var (away, _) = await running.App.Client.AskAsync("GET", Records, null,
                ("Authorization", CallerResolverTests.Basic("ann", "ann's password")));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, away);
            using var browser = new Browser(running.App.Url);
            using var page = await browser.PostAsync(
                "/sign-in", "/sign-in", ("name", "bob"), ("password", "bob's password"));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, page.StatusCode);
            using var admin = await Browser.SignedInAsync(running.App);

            await running.App.Service<AccountStore>().ChangeAsync("bob", AccountRole.Viewer, null, Test, default);
            await running.App.Service<Credentials>().RefreshAsync(default);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await AskAsync());
        }
        finally
        {
            await running.Directory.StartAgainAsync();
        }

        Assert.Equal(HttpStatusCode.OK, await AskAsync());
        Assert.Equal(AccountRole.Publisher,
            (await running.App.Service<AccountQueries>().ByNameOrNullAsync("bob", default))!.Role);
    }

    [Fact]
    public async Task Who_leaves_a_group_loses_the_role_and_who_is_disabled_here_stays_out()
    {
        (await Browser.SignedInAsync(running.App, "fay", "fay's password")).Dispose();
        await running.Directory.ModifyAsync(
            $"""
            dn: cn=builders,ou=groups,{Slapd.Base}
            changetype: modify
            delete: member
            member: uid=fay,ou=people,{Slapd.Base}

            dn: cn=readers,ou=groups,{Slapd.Base}
            changetype: modify
            add: member
            member: uid=fay,ou=people,{Slapd.Base}

            """);
        (await Browser.SignedInAsync(running.App, "fay", "fay's password")).Dispose();
        var account = (await running.App.Service<AccountQueries>().ByNameOrNullAsync("fay", default))!;
        Assert.Equal(AccountRole.Viewer, account.Role);
        var changed = Assert.Single(await running.App.Service<AuditQueries>().PageAsync(
            new AuditFilter(null, "account.update") { Subject = "fay" }, null, 9, default));
        Assert.Equal("provider \"ldap\"", changed.Actor);

        await running.App.Service<AccountStore>().ChangeAsync("fay", null, false, Test, default);
        using var browser = new Browser(running.App.Url);
        using var disabled = await browser.PostAsync(
            "/sign-in", "/sign-in", ("name", "fay"), ("password", "fay's password"));
        Assert.Null(disabled.Headers.Location);
    }

    [Fact]
    public async Task A_group_of_the_directory_makes_members_however_its_name_is_written()
    {
        await GroupSeed.FeedAsync(running.App, "team");
        await GroupSeed.LimitAsync(running.App, "team");
        await GroupSeed.MakeAsync(running.App, "team", new
        {
            providerGroups = new[] { new { provider = "LDAP", group = $"CN=Builders, OU=groups, {Slapd.Base}" } },
            grants = new[] { new { feed = "team", level = "add" } },
        });
        async Task<HttpStatusCode> AskAsync(string name) => (await running.App.Client.AskAsync(
            "GET", "/upack/team/download/app/1.0.0", null, GroupSeed.Basic(name))).Status;
        await Patience.UntilAsync(async () => await AskAsync("hal") == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("eve"));
    }

    [Fact]
    public async Task A_password_of_this_server_comes_first_and_the_directorys_opens_no_such_account()
    {
        // The directory has an "admin", too.
        var (status, _) = await running.App.Client.AskAsync("GET", Records, null,
            ("Authorization", CallerResolverTests.Basic("Admin", "the directory's admin")));
        Assert.Equal(HttpStatusCode.Forbidden, status);
        (await Browser.SignedInAsync(running.App)).Dispose();
    }

    // It would open the account when the directory does not any more.
    [Fact]
    public async Task Nobody_of_the_directory_gives_themselves_a_password_of_this_server()
    {
        using var browser = await Browser.SignedInAsync(running.App, "ann", "ann's password");
        using var answer = await browser.PostAsync("/account", "/account",
            ("Current", "ann's password"), ("New", "a password here"), ("Repeated", "a password here"));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.False((await running.App.Service<AccountQueries>().ByNameOrNullAsync("ann", default))!.HasPassword);
        (await Browser.SignedInAsync(running.App, "ann", "ann's password")).Dispose();
    }

    [Fact]
    public async Task People_may_sign_in_as_themselves_over_StartTLS()
    {
        using var browser = await Browser.SignedInAsync(running.Direct, "ann", "ann's password");
        Assert.Contains("ann", await browser.ReadAsync("/admin/users"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attempts_are_limited_as_for_everybody()
    {
        for (var i = 0; i < AttemptLimiter.FailuresMax; i++)
        {
            var (wrong, _) = await running.Direct.Client.AskAsync("GET", Records, null,
                ("Authorization", CallerResolverTests.Basic("gus", $"guess {i}")));
            Assert.Equal(HttpStatusCode.Forbidden, wrong);
        }

        var (limited, _) = await running.Direct.Client.AskAsync("GET", Records, null,
            ("Authorization", CallerResolverTests.Basic("gus", "gus's password")));
        Assert.Equal(HttpStatusCode.TooManyRequests, limited);
    }

    [Theory]
    [InlineData("plain", "plain", "plain")]
    [InlineData("a*b(c)d\\e\0", "a\\2ab\\28c\\29d\\5ce\\00", "a*b(c)d\\\\e\0")]
    [InlineData(" #a,b+c\"d;e<f>g=h ", " #a,b+c\"d;e<f>g=h ", "\\ #a\\,b\\+c\\\"d\\;e\\<f\\>g\\=h\\ ")]
    [InlineData("#müller", "#müller", "\\#müller")]
    public void What_was_typed_stays_a_value(string typed, string inFilter, string inName)
    {
        Assert.Equal(inFilter, LdapText.InFilter(typed));
        Assert.Equal(inName, LdapText.InName(typed));
    }

    /// <summary>
    /// A directory, and the program that asks it in both ways; before it stand servers that are away and one that shows
    /// somebody else's certificate.
    /// </summary>
    public sealed class Running : IAsyncLifetime
    {
        Slapd otherName = null!;
        Slapd unknown = null!;

        public Slapd Directory { get; private set; } = null!;

        public TestApp App { get; private set; } = null!;

        public TestApp Direct { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            // Whoever was asked by mistake would say that every password is right of a person called so.
            var trap = string.Concat(new[] { "ann", "nobody", "bob" }.Select(name => Person(name, "wrong")));
            otherName = await Slapd.StartAsync(trap, certificateName: "elsewhere.example");
            unknown = await Slapd.StartAsync(trap, isKnown: false);
            Directory = await Slapd.StartAsync(People());
            string[] roles =
            [
                $"Deployments:Ldap:SearchBase={Slapd.Base}", $"Deployments:Ldap:CaFile={Slapd.CaFile}",
                $"Deployments:Ldap:AdministratorRoles=CN=Chiefs, OU=groups, {Slapd.Base}",
                $"Deployments:Ldap:PublisherRoles=cn=builders,ou=groups,{Slapd.Base}",
                $"Deployments:Ldap:ViewerRoles=cn=readers,ou=groups,{Slapd.Base}; cn=ring-a,ou=groups,{Slapd.Base}",
            ];
            App = await TestApp.StartAsync(null,
            [
                .. roles,
                $"Deployments:Ldap:Servers=ldaps://127.0.0.1:{ServerProcess.FreePort()}, "
                    + $"ldaps://127.0.0.1:{otherName.TlsPort}, ldaps://127.0.0.1:{unknown.TlsPort}, "
                    + $"ldaps://127.0.0.1:{Directory.TlsPort}",
                $"Deployments:Ldap:BindDn={Slapd.ServiceDn}", $"Deployments:Ldap:BindPassword={Slapd.ServicePassword}",
            ]);
            Direct = await TestApp.StartAsync(null,
            [
                .. roles, "Deployments:Ldap:StartTls=true",
                $"Deployments:Ldap:Servers=ldap://127.0.0.1:{otherName.PlainPort}, "
                    + $"ldap://127.0.0.1:{Directory.PlainPort}",
                $"Deployments:Ldap:UserDn=uid={{0}},ou=people,{Slapd.Base}",
            ]);
        }

        public async Task DisposeAsync()
        {
            await Direct.DisposeAsync();
            await App.DisposeAsync();
            await Directory.DisposeAsync();
            await unknown.DisposeAsync();
            await otherName.DisposeAsync();
        }

        static string People() => string.Concat(
            Person("ann"), Person("bob"), Person("hal"), Person("ida"),
            Person("dan"), Person("eve"), Person("fay"), Person("gus"),
            Person("admin", "the directory's admin"), Person("twin"), Person("twin", unit: "groups"),
            Group("chiefs", "cn=leads,ou=groups"), Group("leads", "cn=seniors,ou=groups"),
            Group("seniors", "uid=ann,ou=people", "uid=ida,ou=people", "uid=nobody-any-more,ou=people"),
            Group("builders",
                "uid=bob,ou=people", "uid=hal,ou=people", "uid=fay,ou=people", "uid=ida,ou=people"),
            Group("readers", "uid=gus,ou=people", "uid=admin,ou=people", "uid=twin,ou=people"),
            Group("ring-a", "cn=ring-b,ou=groups"), Group("ring-b", "cn=ring-a,ou=groups", "uid=eve,ou=people"),
            Group("others", "uid=dan,ou=people"));

        static string Person(string name, string? password = null, string unit = "people") =>
            $"""
            dn: uid={name},ou={unit},{Slapd.Base}
            objectClass: inetOrgPerson
            uid: {name}
            cn: {name}
            sn: {name}
            userPassword: {password ?? name + "'s password"}


            """;

        static string Group(string name, params string[] members) =>
            $"""
            dn: cn={name},ou=groups,{Slapd.Base}
            objectClass: groupOfNames
            cn: {name}
            {string.Join('\n', members.Select(member => $"member: {member},{Slapd.Base}"))}


            """;
    }
}
