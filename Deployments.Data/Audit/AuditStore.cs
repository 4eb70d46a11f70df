using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using Deployments.Data.Ledger;
using Npgsql;

namespace Deployments.Data.Audit;

/// <summary>Writes the audit log.</summary>
/// <param name="database">The database.</param>
public sealed class AuditStore(NpgsqlDataSource database)
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>
    /// Notes something that changes no table, such as an export. A change of a table is noted in its own transaction,
    /// by the store that makes it.
    /// </summary>
    /// <param name="change">What happened.</param>
    /// <param name="by">Who did it.</param>
    /// <param name="ct">Cancels.</param>
    public async Task AddAsync(AuditedChange change, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await CommitAsync(transaction, change, by, ct);
    }

    /// <summary>Notes a change in the transaction that makes it.</summary>
    public static async Task AddAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, AuditedChange change, Actor by,
        CancellationToken ct)
    {
        var id = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            """
            insert into audit_events (actor, address, action, subject_kind, subject_name, before, after)
            values (@Actor, @Address, @Action, @SubjectKind, @SubjectName, @Before::jsonb, @After::jsonb)
            returning audit_event_id
            """,
            new
            {
                Actor = by.Name,
                by.Address,
                change.Action,
                change.SubjectKind,
                change.SubjectName,
                Before = ToJson(change.Before),
                After = ToJson(change.After),
            },
            transaction,
            cancellationToken: ct));
        await LedgerPending.AddAsync(connection, transaction, AuditLedger.Instance, [id], ct);
    }

    /// <summary>Notes a change in the transaction that makes it, whose last statement this is.</summary>
    public static async Task CommitAsync(
        NpgsqlTransaction transaction, AuditedChange change, Actor by, CancellationToken ct)
    {
        await AddAsync(transaction.Connection!, transaction, change, by, ct);
        await transaction.CommitAsync(ct);
    }

    static string? ToJson(object? value) => value is null ? null : JsonSerializer.Serialize(value, Json);
}

/// <summary>One entry of the audit log, as far as the changer knows it.</summary>
/// <param name="Action">What was done, as <c>subject.verb</c>: <c>feed.create</c>, <c>apiKey.revoke</c>.</param>
/// <param name="SubjectKind">
/// What it was done to: <c>feed</c>, <c>connector</c>, <c>account</c>, <c>apiKey</c> ...
/// </param>
/// <param name="SubjectName">Its name, as people know it.</param>
/// <param name="Before">Its properties before, serialised as JSON; null when there was none. Never a secret.</param>
/// <param name="After">Its properties after; null when it is gone. Never a secret.</param>
public sealed record AuditedChange(
    string Action, string SubjectKind, string SubjectName, object? Before, object? After);
