using System.DirectoryServices.Protocols;
using System.Net;
using Deployments.Web.Settings;

namespace Deployments.Web.Ldap;

/// <summary>A person, as the directory tells of them.</summary>
/// <param name="Subject">What it never gives to another.</param>
/// <param name="Name">What it calls the person.</param>
/// <param name="Groups">The distinguished names of the person's groups, as <see cref="LdapText.Comparable"/>.</param>
public sealed record LdapPerson(string Subject, string? Name, IReadOnlyCollection<string> Groups);

/// <summary>What a directory says to a name and a password.</summary>
/// <param name="Person">Whose they are; null: nobody's.</param>
/// <param name="IsAway">No server of it could say anything.</param>
public sealed record LdapAnswer(LdapPerson? Person, bool IsAway = false);

/// <summary>
/// Asks a directory whether a password is somebody's, and for their groups. Each server in its turn gets a few seconds;
/// the next one is asked only where one does not answer, never after a refusal.
/// </summary>
/// <param name="settings">Which directory, and how it is asked.</param>
/// <param name="logger">The log.</param>
public sealed class LdapDirectory(LdapSettings settings, ILogger<LdapDirectory> logger) : IDisposable
{
    /// <summary>How long one server may take, for all that it is asked at once.</summary>
    public static readonly TimeSpan ServerPatience = TimeSpan.FromSeconds(5);

    const int NameLengthMax = 200;
    const int PasswordLengthMax = 500;
    const int ConnectionsMax = 8; // each occupies a thread, since the library waits itself
    const int InvalidCredentials = 49;
    const int StartTlsAttemptsMax = 5;

    static readonly TimeSpan StartTlsPause = TimeSpan.FromMilliseconds(20);

    readonly IReadOnlyList<LdapServer> servers = LdapServers.ReadOrNull(settings) ?? [];
    readonly SemaphoreSlim places = new(ConnectionsMax);

    /// <summary>Whether there is one.</summary>
    public bool IsSet => servers.Count > 0;

    /// <summary>Who says it: what identities of this directory have for an issuer.</summary>
    public string Issuer { get; } = "ldap:" + LdapText.Comparable(settings.SearchBase ?? "");

    /// <summary>Asks it.</summary>
    /// <param name="name">The name, as typed.</param>
    /// <param name="password">The password, as typed.</param>
    /// <param name="ct">Cancels the waiting.</param>
    public async Task<LdapAnswer> CheckAsync(string name, string password, CancellationToken ct)
    {
        // An empty password is a bind without any, which a directory may answer with success; so is one that the
        // library, which ends a text at a zero, would take for empty.
        if (name.Length is 0 or > NameLengthMax || password.Length is 0 or > PasswordLengthMax
            || name.Any(char.IsControl) || password.Contains('\0', StringComparison.Ordinal))
            return new(null);
        foreach (var server in servers)
        {
            if (!await places.WaitAsync(ServerPatience, ct))
                return new(null, IsAway: true);
            var work = Task.Run(() => Ask(server, name, password), CancellationToken.None);
            _ = work.ContinueWith(_ => places.Release(), TaskScheduler.Default);
            try
            {
                if (await work.WaitAsync(ServerPatience + ServerPatience, ct) is { } answer)
                    return answer;
            }
            catch (TimeoutException)
            {
                logger.LogWarning("{Server} did not answer in time", server);
            }
        }

        return new(null, IsAway: true);
    }

    /// <inheritdoc/>
    public void Dispose() => places.Dispose();

    /// <summary>Asks one server; null: it could not say.</summary>
    LdapAnswer? Ask(LdapServer server, string name, string password)
    {
        try
        {
            return settings.UserDn is { } template
                ? AskAsOneself(server, template, name, password)
                : AskByService(server, name, password);
        }
        catch (Exception exception) when (exception is DirectoryException or LdapException or InvalidOperationException
            or ArgumentException or PlatformNotSupportedException)
        {
            logger.LogWarning("{Server} could not be asked: {Reason}", server, exception.Message);
            return null;
        }
    }

    LdapAnswer AskAsOneself(LdapServer server, string template, string name, string password)
    {
        using var own = Connect(server);
        var isName = template.Contains('=', StringComparison.Ordinal); // else such as {0}@example.com
        var user = template.Replace("{0}", isName ? LdapText.InName(name) : name, StringComparison.Ordinal);
        if (!TryBind(own, user, password))
            return new(null);
        return new(FindOrNull(own, name) is { } entry ? Read(own, entry) : null);
    }

    LdapAnswer AskByService(LdapServer server, string name, string password)
    {
        using var service = Connect(server);
        if (!TryBind(service, settings.BindDn!, settings.BindPassword!))
            throw new InvalidOperationException("it refuses Deployments__Ldap__BindDn with its password");
        if (FindOrNull(service, name) is not { } entry || string.IsNullOrEmpty(entry.DistinguishedName))
            return new(null);
        using (var own = Connect(server))
        {
            if (!TryBind(own, entry.DistinguishedName, password))
                return new(null);
        }

        return new(Read(service, entry));
    }

    static LdapConnection Connect(LdapServer server)
    {
        var address = new LdapDirectoryIdentifier(
            server.Host, server.Port, fullyQualifiedDnsHostName: true, connectionless: false);
        var connection = new LdapConnection(address)
        {
            AuthType = AuthType.Basic,
            AutoBind = false,
            Timeout = ServerPatience,
        };
        try
        {
            var options = connection.SessionOptions;
            options.ProtocolVersion = 3;
            options.ReferralChasing = ReferralChasingOptions.None; // the password would go to wherever they lead
            if (server.IsTls)
                options.SecureSocketLayer = true;
            else
                StartTls(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    // By itself .NET has not connected yet, and does when something is asked. That is what every directory tells
    // everybody, or refuses to tell; names and passwords come later, and only where this succeeds.
    static void StartTls(LdapConnection connection)
    {
        try
        {
            connection.SendRequest(
                new SearchRequest("", "(objectClass=*)", SearchScope.Base, "supportedLDAPVersion"), ServerPatience);
        }
        catch (DirectoryOperationException)
        {
            // Connected all the same.
        }

        // OpenLDAP answers before it has put away what it was asked, and refuses TLS while anything lies there.
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                connection.SessionOptions.StartTransportLayerSecurity(null);
                return;
            }
            catch (TlsOperationException) when (attempt < StartTlsAttemptsMax)
            {
                Thread.Sleep(StartTlsPause * attempt);
            }
        }
    }

    static bool TryBind(LdapConnection connection, string user, string password)
    {
        try
        {
            connection.Bind(new NetworkCredential(user, password));
            return true;
        }
        catch (LdapException exception) when (exception.ErrorCode == InvalidCredentials)
        {
            return false;
        }
    }

    /// <summary>The one entry that the filter finds; null where it finds none, or several.</summary>
    SearchResultEntry? FindOrNull(LdapConnection connection, string name)
    {
        var filter = settings.UserFilter.Replace("{0}", LdapText.InFilter(name), StringComparison.Ordinal);
        var request = new SearchRequest(settings.SearchBase, filter, SearchScope.Subtree,
            settings.NameAttribute, "entryUUID", "objectGUID", "memberOf")
        {
            TimeLimit = ServerPatience,
        };
        var found = ((SearchResponse)connection.SendRequest(request, ServerPatience)).Entries;
        return found.Count == 1 ? found[0] : null;
    }

    LdapPerson? Read(LdapConnection connection, SearchResultEntry entry)
    {
        if (SubjectOrNull(entry) is not { } subject)
        {
            logger.LogWarning("The directory gives its people neither entryUUID nor objectGUID");
            return null;
        }

        return new(subject, TextOrNull(entry, settings.NameAttribute),
            new LdapGroups(connection, settings).Of(entry));
    }

    static string? SubjectOrNull(SearchResultEntry entry) =>
        entry.Attributes["objectGUID"]?.GetValues(typeof(byte[])) is [byte[] { Length: 16 } guid]
            ? new Guid(guid).ToString()
            : TextOrNull(entry, "entryUUID");

    static string? TextOrNull(SearchResultEntry entry, string attribute) =>
        entry.Attributes[attribute]?.GetValues(typeof(string)) is [string { Length: > 0 } text, ..] ? text : null;
}
