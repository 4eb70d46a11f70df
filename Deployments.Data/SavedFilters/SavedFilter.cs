namespace Deployments.Data.SavedFilters;

/// <summary>A filter of a list under a name.</summary>
public sealed record SavedFilter
{
    /// <summary>Its number.</summary>
    public int SavedFilterId { get; init; }

    /// <summary>The list's address on this server: <c>/deployments</c>.</summary>
    public string Path { get; init; } = "";

    /// <summary>What stands behind the address, with its question mark: <c>?target=WEB-01</c>.</summary>
    public string Query { get; init; } = "";

    /// <summary>What it is called.</summary>
    public string Name { get; init; } = "";

    /// <summary>Whether everybody who sees the list sees it.</summary>
    public bool IsShared { get; init; }

    /// <summary>The account that saved it, by name.</summary>
    public string Owner { get; init; } = "";

    /// <summary>Where it leads.</summary>
    public string Url => Path + Query;
}
