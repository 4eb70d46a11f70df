namespace Deployments.Data.Retention;

/// <summary>
/// Which of what inventories showed may go. What is there stays, and of what is gone the newest of its package in its
/// scope: that it was there tells that it is missing (db/decisions/0020).
/// </summary>
/// <remarks>Parameters: <c>cutoff</c> and <c>pattern</c> (null: every target).</remarks>
static class InventoryRetention
{
    /// <summary>An observation <c>o</c> of a target that the rule is for.</summary>
    public const string IsChosen =
        """
        (@pattern::text is null or exists (
            select from targets t where t.target_id = o.target_id and t.name ilike @pattern))
        """;

    /// <summary>Whether a later observation <c>o</c> of the package in the scope is there.</summary>
    public const string IsOutlived =
        """
        exists (
            select from observations later
            where later.target_id = o.target_id and later.package_id = o.package_id and later.scope_id = o.scope_id
              and (later.first_seen_at, later.observation_id) > (o.first_seen_at, o.observation_id))
        """;

    /// <summary>
    /// An inventory <c>u</c> that is old, and neither the newest of its scope nor what an observation names.
    /// </summary>
    public const string IsOldUpload =
        """
        u.at < @cutoff
          and exists (
            select from inventory_scopes s
            join targets t on t.target_id = s.target_id and (@pattern::text is null or t.name ilike @pattern)
            where s.scope_id = u.scope_id and u.at not in (s.seen_at, coalesce(s.complete_at, s.seen_at)))
          and not exists (select from observations o where o.scope_id = u.scope_id and o.first_upload_id = u.upload_id)
          and not exists (select from observations o where o.scope_id = u.scope_id and o.gone_upload_id = u.upload_id)
        """;
}
