using Dapper;
using Npgsql;

namespace Deployments.Data.Feeds;

/// <summary>Keys that all web nodes share.</summary>
/// <param name="database">The database.</param>
public sealed class ServerKeyStore(NpgsqlDataSource database)
{
    /// <summary>
    /// The key of that name; of several nodes that start together the first one's candidate becomes it.
    /// </summary>
    /// <param name="name">What it is for.</param>
    /// <param name="candidateEncrypted">The key to keep if there is none yet, encrypted.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>The key in force, encrypted.</returns>
    public async Task<string> GetOrAddAsync(string name, string candidateEncrypted, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            "insert into server_keys (name, key_encrypted) values (@name, @candidateEncrypted) on conflict do nothing",
            new { name, candidateEncrypted }, cancellationToken: ct));
        return await connection.QuerySingleAsync<string>(new CommandDefinition(
            "select key_encrypted from server_keys where name = @name", new { name }, cancellationToken: ct));
    }
}
