using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Kd.Architecture.Tests.Folders;

/// <summary>
/// Reads which types the types of an assembly use: in their declarations, attributes and method bodies.
/// Constants and nameof leave no trace in an assembly; <see cref="ImportReader"/> sees them in the source.
/// </summary>
/// <remarks>ArchUnitNET 0.13.5 misses catch clauses, async iterators and sizeof, hence Mono.Cecil, on which it stands.</remarks>
internal sealed class TypeUseReader
{
    private readonly HashSet<TypeUse> _uses = [];
    private TypeName _user;

    private TypeUseReader() { }

    /// <summary>Reads the uses of one assembly.</summary>
    /// <param name="assemblyPath">Path of the .dll file.</param>
    /// <returns>Each use once; uses of a type by itself are left out.</returns>
    public static IReadOnlySet<TypeUse> Read(string assemblyPath)
    {
        using var resolver = new DefaultAssemblyResolver();
        // An attribute's enum values can only be read with the enum's own assembly.
        var platform = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        foreach (var folder in platform.Split(Path.PathSeparator).Select(Path.GetDirectoryName).Distinct())
            resolver.AddSearchDirectory(folder);
        using var module = ModuleDefinition.ReadModule(assemblyPath, new ReaderParameters { AssemblyResolver = resolver });
        var reader = new TypeUseReader();
        foreach (var type in module.Types)
        {
            reader._user = NameOf(type);
            reader.AddType(type);
        }
        return reader._uses;
    }

    private static TypeName NameOf(TypeReference type) => new(type.Namespace, type.Name.Split('`')[0]);

    private void AddType(TypeDefinition type)
    {
        Add(type.BaseType);
        AddAttributes(type);
        AddTypeParameters(type);
        foreach (var implementation in type.Interfaces)
            Add(implementation.InterfaceType);
        foreach (var field in type.Fields)
        {
            Add(field.FieldType);
            AddAttributes(field);
        }
        foreach (var property in type.Properties)
            AddAttributes(property);
        foreach (var declaredEvent in type.Events)
            AddAttributes(declaredEvent);
        foreach (var method in type.Methods)
            AddMethod(method);
        foreach (var nested in type.NestedTypes)
            AddType(nested);
    }

    private void AddMethod(MethodDefinition method)
    {
        AddSignature(method);
        AddAttributes(method);
        AddAttributes(method.MethodReturnType);
        AddTypeParameters(method);
        foreach (var parameter in method.Parameters)
            AddAttributes(parameter);
        foreach (var implemented in method.Overrides)
            AddCalled(implemented);
        if (!method.HasBody)
            return;
        foreach (var variable in method.Body.Variables)
            Add(variable.VariableType);
        foreach (var handler in method.Body.ExceptionHandlers)
            Add(handler.CatchType);
        foreach (var instruction in method.Body.Instructions)
            AddOperand(instruction);
    }

    private void AddOperand(Instruction instruction)
    {
        switch (instruction.Operand)
        {
            case TypeReference type:
                Add(type);
                break;
            case FieldReference field:
                Add(field.DeclaringType);
                Add(field.FieldType);
                break;
            case MethodReference method:
                AddCalled(method);
                break;
            case IMethodSignature signature:
                AddSignature(signature);
                break;
        }
    }

    private void AddCalled(MethodReference method)
    {
        Add(method.DeclaringType);
        AddSignature(method);
        if (method is GenericInstanceMethod generic)
            AddAll(generic.GenericArguments);
    }

    private void AddSignature(IMethodSignature signature)
    {
        Add(signature.ReturnType);
        AddAll(signature.Parameters.Select(parameter => parameter.ParameterType));
    }

    private void AddTypeParameters(IGenericParameterProvider provider)
    {
        foreach (var parameter in provider.GenericParameters)
        {
            AddAttributes(parameter);
            AddAll(parameter.Constraints.Select(constraint => constraint.ConstraintType));
        }
    }

    private void AddAttributes(ICustomAttributeProvider provider)
    {
        foreach (var attribute in provider.CustomAttributes)
        {
            AddCalled(attribute.Constructor);
            foreach (var argument in attribute.ConstructorArguments)
                AddArgument(argument);
            foreach (var argument in attribute.Fields.Concat(attribute.Properties))
                AddArgument(argument.Argument);
        }
    }

    private void AddArgument(CustomAttributeArgument argument)
    {
        Add(argument.Type);
        if (argument.Value is TypeReference type)
            Add(type);
        else if (argument.Value is CustomAttributeArgument boxed)
            AddArgument(boxed);
        else if (argument.Value is CustomAttributeArgument[] elements)
            Array.ForEach(elements, AddArgument);
    }

    private void AddAll(IEnumerable<TypeReference> types)
    {
        foreach (var type in types)
            Add(type);
    }

    private void Add(TypeReference? type)
    {
        switch (type)
        {
            case null or GenericParameter:
                return;
            case FunctionPointerType pointer:
                AddSignature(pointer);
                return;
            case TypeSpecification specification:
                if (specification is GenericInstanceType generic)
                    AddAll(generic.GenericArguments);
                if (specification is IModifierType modified)
                    Add(modified.ModifierType);
                Add(specification.ElementType);
                return;
            case { DeclaringType: { } outer }:
                Add(outer);
                return;
        }
        var used = NameOf(type);
        if (used != _user)
            _uses.Add(new TypeUse(_user, used));
    }
}
