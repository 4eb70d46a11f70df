namespace Deployments.Web.Inventory;

/// <summary>The formats this program reads: every <see cref="IInventoryFormat"/>, found once at start.</summary>
sealed class InventoryFormats
{
    /// <summary>Every format, by name.</summary>
    public IReadOnlyList<IInventoryFormat> All { get; } =
    [
        .. typeof(IInventoryFormat).Assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false }
                && type.IsAssignableTo(typeof(IInventoryFormat)))
            .Select(type => (IInventoryFormat)Activator.CreateInstance(type)!)
            // A list of names and versions may be any; what asks for more is asked first.
            .OrderBy(format => format is PipFormat or NpmFormat or ChocolateyFormat)
            .ThenBy(format => format.Name, StringComparer.Ordinal),
    ];

    /// <summary>Their names, for people.</summary>
    public string Names => string.Join(", ", All.Select(format => format.Name).Order(StringComparer.Ordinal));

    /// <summary>The format called so; null when there is none.</summary>
    public IInventoryFormat? FindOrNull(string name) =>
        All.FirstOrDefault(format => format.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The format of a document that begins so; null when it is of none.</summary>
    public IInventoryFormat? RecognisedOrNull(string head) =>
        head.TrimStart('\ufeff', ' ', '\t', '\r', '\n') is { Length: > 0 } text
            ? All.FirstOrDefault(format => format.Recognises(text))
            : null;
}
