using System.Xml.Linq;
using Deployments.Data.Accounts;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Deployments.Web.Accounts;

/// <summary>
/// Keeps the Data Protection key ring in PostgreSQL, so that every node reads the others' cookies; encrypted by the key
/// file, so that the database alone opens nothing.
/// </summary>
sealed class DatabaseKeyRing(KeyRingStore store, KeyFile file) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements() =>
        [.. store.All().Select(row => XElement.Parse(file.Open(row.Xml)))];

    public void StoreElement(XElement element, string friendlyName) =>
        store.Put(friendlyName, file.Seal(element.ToString(SaveOptions.DisableFormatting)));
}
