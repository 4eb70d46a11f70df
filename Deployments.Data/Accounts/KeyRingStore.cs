using Dapper;
using Npgsql;

namespace Deployments.Data.Accounts;

/// <summary>
/// Keeps the Data Protection key ring that all web nodes share. Not asynchronous, since its reader is not.
/// </summary>
/// <param name="database">The database.</param>
public sealed class KeyRingStore(NpgsqlDataSource database)
{
    // Any number will do, as long as every version of this program uses it.
    const long AdvisoryLock = 862_405; // beside those of migrations, inbox, retention and indexes

    /// <summary>Every key, as XML, oldest first.</summary>
    public IReadOnlyList<string> All()
    {
        using var connection = database.OpenConnection();
        return [.. connection.Query<string>("select xml from data_protection_keys order by created_at, friendly_name")];
    }

    /// <summary>Keeps a key.</summary>
    public void Add(string friendlyName, string xml)
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
