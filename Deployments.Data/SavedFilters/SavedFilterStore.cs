using Dapper;
using Deployments.Data.Audit;
using Npgsql;

namespace Deployments.Data.SavedFilters;

/// <summary>Keeps filters of lists under names. What everybody sees is in the audit log.</summary>
/// <param name="database">The database.</param>
public sealed class SavedFilterStore(NpgsqlDataSource database)
{
    /// <summary>How many filters one person may save.</summary>
    public const int FiltersMax = 100;

    /// <summary>The filters of a list: a person's own, then those that others share, each by name.</summary>
    /// <param name="account">Whose account, by name; null for nobody's: only what is shared.</param>
    /// <param name="path">The list's address.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyList<SavedFilter>> OfListAsync(string? account, string path, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<SavedFilter>(new CommandDefinition(
            """
            select saved_filter_id, path, query, f.name, is_shared, a.name as owner
            from saved_filters f
            join accounts a using (account_id)
            where path = @path and (is_shared or lower(a.name) = lower(@account))
            order by lower(a.name) is distinct from lower(@account), lower(f.name), saved_filter_id
            """, new { account, path }, cancellationToken: ct))];
    }

    /// <summary>Every filter of a person, by list and name.</summary>
    /// <param name="account">Whose account, by name.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyList<SavedFilter>> OfAccountAsync(string account, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<SavedFilter>(new CommandDefinition(
            """
            select saved_filter_id, path, query, f.name, is_shared, a.name as owner
            from saved_filters f
            join accounts a using (account_id)
            where lower(a.name) = lower(@account)
            order by path, lower(f.name)
            """, new { account }, cancellationToken: ct))];
    }

    /// <summary>Saves a filter; one of the same name for the same list gives way.</summary>
    /// <param name="filter">What to save, and whose it is.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>False beyond <see cref="FiltersMax"/>; then nothing is saved.</returns>
    public async Task<bool> SaveAsync(SavedFilter filter, Actor by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(filter);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var before = await FindOrNullAsync(
            "lower(a.name) = lower(@Owner) and path = @Path and lower(f.name) = lower(@Name)", filter, transaction, ct);
        var saved = await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into saved_filters (account_id, path, query, name, is_shared)
            select account_id, @Path, @Query, @Name, @IsShared
            from accounts a
            where lower(a.name) = lower(@Owner)
              and (@isKnown or (select count(*) from saved_filters f where f.account_id = a.account_id) < @FiltersMax)
            on conflict (account_id, path, lower(name)) do update
            set query = excluded.query, name = excluded.name, is_shared = excluded.is_shared
            """,
            new
            {
                filter.Path,
                filter.Query,
                filter.Name,
                filter.IsShared,
                filter.Owner,
                FiltersMax,
                isKnown = before is not null,
            }, transaction, cancellationToken: ct));
        if (saved == 0)
            return false;
        await CommitAsync("savedFilter.save", before, filter, transaction, by, ct);
        return true;
    }

    /// <summary>Forgets one of a person's filters; does nothing where it is not theirs.</summary>
    /// <param name="account">Whose account, by name.</param>
    /// <param name="savedFilterId">Which.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    public async Task RemoveAsync(string account, int savedFilterId, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var before = await FindOrNullAsync(
            "lower(a.name) = lower(@account) and saved_filter_id = @savedFilterId", new { account, savedFilterId },
            transaction, ct);
        if (before is null)
            return;
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from saved_filters where saved_filter_id = @savedFilterId", new { savedFilterId }, transaction,
            cancellationToken: ct));
        await CommitAsync("savedFilter.remove", before, null, transaction, by, ct);
    }

    static Task<SavedFilter?> FindOrNullAsync(
        string condition, object parameters, NpgsqlTransaction transaction, CancellationToken ct) =>
        transaction.Connection!.QuerySingleOrDefaultAsync<SavedFilter>(new CommandDefinition(
            $"""
            select saved_filter_id, path, query, f.name, is_shared, a.name as owner
            from saved_filters f
            join accounts a using (account_id)
            where {condition}
            for update of f
            """, parameters, transaction, cancellationToken: ct));

    // What one person alone sees is nobody else's business.
    static async Task CommitAsync(
        string action, SavedFilter? before, SavedFilter? after, NpgsqlTransaction transaction, Actor by,
        CancellationToken ct)
    {
        before = before is { IsShared: true } ? before : null;
        after = after is { IsShared: true } ? after : null;
        if ((before ?? after) is not { } shared)
        {
            await transaction.CommitAsync(ct);
            return;
        }

        var change = new AuditedChange(action, "savedFilter", shared.Name, Audited(before), Audited(after));
        await AuditStore.CommitAsync(transaction, change, by, ct);
    }

    static object? Audited(SavedFilter? filter) => filter is null ? null : new { filter.Url, filter.IsShared };
}
