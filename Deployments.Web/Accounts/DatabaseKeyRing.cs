using System.Xml.Linq;
using Deployments.Data.Accounts;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Deployments.Web.Accounts;

/// <summary>Keeps the Data Protection key ring in PostgreSQL, so that every node reads the others' cookies.</summary>
sealed class DatabaseKeyRing(KeyRingStore store) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements() => [.. store.All().Select(xml => XElement.Parse(xml))];

    public void StoreElement(XElement element, string friendlyName) =>
        store.Add(friendlyName, element.ToString(SaveOptions.DisableFormatting));
}
