using Dapper;
using Deployments.Data.Database;
using Npgsql;

namespace Deployments.Data.Accounts;

/// <summary>
/// Keeps the Data Protection key ring that all web nodes share. Not asynchronous, since its reader is not.
/// </summary>
/// <param name="database">The database.</param>
public sealed class KeyRingStore(NpgsqlDataSource database)
{
    // Any number will do, as long as every version of this program uses it.
    const long AdvisoryLock = AdvisoryLocks.KeyRing;

    /// <summary>Every key, oldest first.</summary>
    public IReadOnlyList<KeyRingRow> All()
    {
        using var connection = database.OpenConnection();
        return [.. connection.Query<KeyRingRow>(
            "select friendly_name, xml from data_protection_keys order by created_at, friendly_name")];
    }

    /// <summary>Keeps a key, in the place of one of the same name.</summary>
    public void Put(string friendlyName, string xml)
    {
        using var connection = database.OpenConnection();
        connection.Execute(
            """
            insert into data_protection_keys (friendly_name, xml) values (@friendlyName, @xml)
            on conflict (friendly_name) do update set xml = excluded.xml
            """, new { friendlyName, xml });
    }

    /// <summary>
    /// Runs something on one node at a time, so that nodes which start together do not each make a first key.
    /// </summary>
    public async Task OnOneNodeAtATimeAsync(Func<Task> work, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            "select pg_advisory_lock(@AdvisoryLock)", new { AdvisoryLock }, commandTimeout: 120,
            cancellationToken: ct));
        try
        {
            await work();
        }
        finally
        {
            await connection.ExecuteAsync("select pg_advisory_unlock(@AdvisoryLock)", new { AdvisoryLock });
        }
    }
}

/// <summary>A key of the ring.</summary>
/// <param name="FriendlyName">Its name, by which nothing but this table knows it.</param>
/// <param name="Xml">The key; where a key file is used, an element that holds it encrypted.</param>
public sealed record KeyRingRow(string FriendlyName, string Xml);
